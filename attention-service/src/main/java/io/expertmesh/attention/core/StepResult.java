package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What became of each chunk of a step: computed, or the first reason why not. */
public final class StepResult {
  private @Nullable ErrorCode[] codes = new ErrorCode[16];
  private @Nullable String[] details = new String[16];

  /** Prepares for a step of {@code chunks} chunks, all of them computed so far. */
  void reset(int chunks) {
    if (codes.length < chunks) {
      codes = new ErrorCode[2 * chunks];
      details = new String[2 * chunks];
    }
    Arrays.fill(codes, null);
    Arrays.fill(details, null);
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
