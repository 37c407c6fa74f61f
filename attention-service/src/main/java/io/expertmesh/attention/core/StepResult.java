package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What became of each chunk of a step: computed, or the first reason why not. */
public final class StepResult {
  private final StepRouting routing = new StepRouting();
  private @Nullable ErrorCode[] codes = new ErrorCode[16];
  private @Nullable String[] details = new String[16];

  /** Prepares for a step of these chunks, all of them computed so far. */
  void reset(List<Chunk> chunks) {
    routing.begin(chunks);
    if (codes.length < chunks.size()) {
      codes = new ErrorCode[2 * chunks.size()];
      details = new String[2 * chunks.size()];
    }
    Arrays.fill(codes, null);
    Arrays.fill(details, null);
  }

  /** The experts of tokens whose requests want to know them. */
  StepRouting routing() {
    return routing;
  }

  /** Marks a chunk as not computed; the first mark stays. */
  public void failed(int chunk, ErrorCode code, String detail) {
    if (codes[chunk] == null) {
      codes[chunk] = code;
      details[chunk] = detail;
    }
  }

  /** True while nothing is wrong with a chunk. */
  public boolean alive(int chunk) {
    return codes[chunk] == null;
  }

  /** Why a chunk was not computed; null if it was. */
  public @Nullable ErrorCode code(int chunk) {
    return codes[chunk];
  }

  /** The same, for people; empty if it was computed. */
  public String detail(int chunk) {
    String detail = details[chunk];
    return detail == null ? "" : detail;
  }
}
