package io.expertmesh.attention.core;

import java.util.Arrays;

/** Takes down the experts of one token, layer by layer. */
final class TokenRoutingBuilder {
  private int[] counts = new int[4];
  private int[] droppedCounts = new int[4];
  private int layers;
  private int[] experts = new int[8];
  private float[] weights = new float[8];
  private int pairs;
  private int[] dropped = new int[0];
  private float[] droppedWeights = new float[0];
  private int drops;

  /** Adds what a row of the next routed layer was assigned. */
  void add(RowAssignments from, int row) {
    if (layers == counts.length) {
      counts = Arrays.copyOf(counts, 2 * layers);
      droppedCounts = Arrays.copyOf(droppedCounts, 2 * layers);
    }
    int start = from.starts()[row];
    int count = from.starts()[row + 1] - start;
    counts[layers] = count;
    if (experts.length < pairs + count) {
      experts = Arrays.copyOf(experts, Math.max(pairs + count, 2 * pairs));
      weights = Arrays.copyOf(weights, experts.length);
    }
    System.arraycopy(from.experts(), start, experts, pairs, count);
    System.arraycopy(from.weights(), start, weights, pairs, count);
    pairs += count;
    int droppedStart = from.droppedStarts()[row];
    int droppedCount = from.droppedStarts()[row + 1] - droppedStart;
    droppedCounts[layers] = droppedCount;
    if (dropped.length < drops + droppedCount) {
      dropped = Arrays.copyOf(dropped, Math.max(drops + droppedCount, 2 * drops));
      droppedWeights = Arrays.copyOf(droppedWeights, dropped.length);
    }
    System.arraycopy(from.dropped(), droppedStart, dropped, drops, droppedCount);
    System.arraycopy(from.droppedWeights(), droppedStart, droppedWeights, drops, droppedCount);
    drops += droppedCount;
    layers++;
  }

  TokenRouting build() {
    return new TokenRouting(
        Arrays.copyOf(counts, layers),
        Arrays.copyOf(experts, pairs),
        Arrays.copyOf(weights, pairs),
        Arrays.copyOf(droppedCounts, layers),
        Arrays.copyOf(dropped, drops),
        Arrays.copyOf(droppedWeights, drops));
  }
}
