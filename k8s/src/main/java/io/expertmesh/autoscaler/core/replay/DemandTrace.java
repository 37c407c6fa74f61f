package io.expertmesh.autoscaler.core.replay;

import java.util.List;

/**
 * The work that arrives, second by second.
 *
 * @param shards names of the shards
 * @param demand of each shard, of each second: work in seconds of one busy replica
 */
public record DemandTrace(List<String> shards, double[][] demand) {
  public DemandTrace {
    shards = List.copyOf(shards);
    if (shards.isEmpty() || shards.size() != demand.length || demand[0].length == 0) {
      throw new IllegalArgumentException(
          "a trace needs shards, and seconds of each: " + shards.size() + " shards were given");
    }
  }

  /** Seconds of the trace. */
  public int seconds() {
    return demand[0].length;
  }

  /** Mean over a minute around a second. */
  double minuteMean(int shard, int second) {
    int from = Math.max(0, second - 30);
    int to = Math.min(seconds(), second + 30);
    double sum = 0;
    for (int s = from; s < to; s++) {
      sum += demand[shard][s];
    }
    return sum / (to - from);
  }
}
