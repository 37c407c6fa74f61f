package io.expertmesh.attention.core;

import java.util.ArrayList;
import java.util.List;

/**
 * The experts of a step's tokens, of those requests only that want to know them, and of these only
 * the positions that they have not been told yet.
 */
public final class StepRouting {
  private static final TokenRoutingBuilder[] NONE = {};

  private final List<TokenRoutingBuilder[]> taken = new ArrayList<>();
  private final List<Chunk> chunks = new ArrayList<>();

  /** Prepares for a step. */
  void begin(List<Chunk> planned) {
    taken.clear();
    chunks.clear();
    for (Chunk chunk : planned) {
      int wanted = chunk.end() - first(chunk);
      TokenRoutingBuilder[] builders = wanted > 0 ? new TokenRoutingBuilder[wanted] : NONE;
      for (int i = 0; i < wanted; i++) {
        builders[i] = new TokenRoutingBuilder();
      }
      taken.add(builders);
      chunks.add(chunk);
    }
  }

  /** True if the experts of a position are wanted. */
  boolean wants(int chunk, int position) {
    return taken.get(chunk).length > 0 && position >= first(chunks.get(chunk));
  }

  /** Takes down a row of the next routed layer, if its position is wanted. */
  void add(int chunk, int position, RowAssignments from, int row) {
    if (wants(chunk, position)) {
      taken.get(chunk)[position - first(chunks.get(chunk))].add(from, row);
    }
  }

  /** What a computed chunk's wanted positions were assigned, in order up to the chunk's end. */
  List<TokenRouting> of(int chunk) {
    List<TokenRouting> tokens = new ArrayList<>(taken.get(chunk).length);
    for (TokenRoutingBuilder builder : taken.get(chunk)) {
      tokens.add(builder.build());
    }
    return tokens;
  }

  private static int first(Chunk chunk) {
    return Math.max(chunk.first(), chunk.sequence().routed());
  }
}
