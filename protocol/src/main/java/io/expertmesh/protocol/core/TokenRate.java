package io.expertmesh.protocol.core;

import java.util.concurrent.TimeUnit;

/**
 * Tokens per second over the last {@value #WINDOW_SECONDS} seconds: a ring of one-second buckets,
 * each stamped with the second it counts. Not thread-safe.
 */
final class TokenRate {
  static final int WINDOW_SECONDS = 5;

  private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

  private final long start;
  private final long[] counts = new long[WINDOW_SECONDS + 1];
  private final long[] seconds = new long[WINDOW_SECONDS + 1];

  /**
   * @param nowNanos time of the start
   */
  TokenRate(long nowNanos) {
    start = nowNanos;
  }

  void add(long nowNanos, long tokens) {
    long second = (nowNanos - start) / NANOS;
    int bucket = (int) (second % counts.length);
    if (seconds[bucket] != second) {
      seconds[bucket] = second;
      counts[bucket] = 0;
    }
    counts[bucket] += tokens;
  }

  double perSecond(long nowNanos) {
    long elapsed = nowNanos - start;
    long second = elapsed / NANOS;
    long sum = 0;
    for (int i = 0; i < counts.length; i++) {
      if (seconds[i] <= second && seconds[i] >= second - WINDOW_SECONDS) {
        sum += counts[i];
      }
    }
    // The oldest counted second begins this long ago; a young process has lived less.
    long span = Math.min(elapsed, WINDOW_SECONDS * NANOS + elapsed % NANOS);
    return sum / ((double) Math.max(span, NANOS) / NANOS);
  }
}
