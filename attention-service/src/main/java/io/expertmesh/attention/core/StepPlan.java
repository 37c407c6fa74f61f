package io.expertmesh.attention.core;

import java.util.List;

/**
 * What one step computes.
 *
 * @param chunks decoding sequences first; every sequence at most once
 * @param rows positions in all
 * @param deadlineNanos latest deadline of the sequences in it
 */
public record StepPlan(List<Chunk> chunks, int rows, long deadlineNanos) {
  public StepPlan {
    chunks = List.copyOf(chunks);
  }

  static StepPlan of(List<Chunk> chunks) {
    int rows = 0;
    long deadline = Long.MIN_VALUE;
    for (Chunk chunk : chunks) {
      rows += chunk.count();
      deadline = Math.max(deadline, chunk.sequence().request().deadlineNanos());
    }
    return new StepPlan(chunks, rows, deadline);
  }

  /** True if there is nothing to compute now. */
  public boolean isEmpty() {
    return chunks.isEmpty();
  }
}
