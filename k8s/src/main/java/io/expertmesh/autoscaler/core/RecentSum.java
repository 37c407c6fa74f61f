package io.expertmesh.autoscaler.core;

import java.util.Arrays;

/** A count over the last {@value #SECONDS} seconds, in buckets of one second. */
final class RecentSum {
  static final int SECONDS = 5;

  private final double[] sums = new double[SECONDS];
  private final long[] seconds = new long[SECONDS];

  RecentSum() {
    Arrays.fill(seconds, Long.MIN_VALUE);
  }

  void add(long count, long atMillis) {
    long second = Math.floorDiv(atMillis, 1000L);
    int bucket = (int) Math.floorMod(second, (long) SECONDS);
    if (seconds[bucket] < second) {
      seconds[bucket] = second;
      sums[bucket] = 0;
    }
    if (seconds[bucket] == second) {
      sums[bucket] += count;
    }
  }

  double perSecond(long nowMillis) {
    long second = Math.floorDiv(nowMillis, 1000L);
    double sum = 0;
    for (int i = 0; i < SECONDS; i++) {
      if (seconds[i] > second - SECONDS && seconds[i] <= second) {
        sum += sums[i];
      }
    }
    return sum / SECONDS;
  }
}
