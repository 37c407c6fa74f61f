package io.expertmesh.expert.core;

import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: doubles up to a cap, with the upper half of each wait
 * random, so that replicas that lost the same peer do not come back all at once. Not thread-safe.
 */
public final class Backoff {
  private final long firstMillis;
  private final long capMillis;
  private final RandomGenerator random;
  private long nextMillis;

  /**
   * @param firstMillis longest first wait
   * @param capMillis longest wait ever
   */
  public Backoff(long firstMillis, long capMillis, RandomGenerator random) {
    this.firstMillis = firstMillis;
    this.capMillis = capMillis;
    this.random = random;
    nextMillis = firstMillis;
  }

  /** The wait before the next attempt, in milliseconds. */
  public long next() {
    long wait = nextMillis;
    nextMillis = Math.min(capMillis, 2 * nextMillis);
    return wait / 2 + random.nextLong(wait / 2 + 1);
  }

  /** An attempt succeeded: the next wait is short again. */
  public void reset() {
    nextMillis = firstMillis;
  }
}
