package io.expertmesh.expert.core;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * The least time that a batch takes, so that a small model on one machine has replicas of a known
 * and small capacity: what happens under load, and when replicas come and go, can then be watched
 * and tested without a machine for each. The computing thread sleeps for what is left.
 *
 * @param nanosPerPair least nanoseconds per pair of a batch; 0 to compute as fast as possible
 */
public record Pace(long nanosPerPair) {
  /** As fast as possible. */
  public static final Pace NONE = new Pace(0);

  public Pace {
    if (nanosPerPair < 0) {
      throw new IllegalArgumentException("nanosPerPair is " + nanosPerPair + ", must be from 0");
    }
  }

  /** Returns when a batch that began at {@code startNanos} may end. */
  void hold(long startNanos, int pairs, LongSupplier nanoClock) {
    if (nanosPerPair == 0) {
      return;
    }
    long end = startNanos + nanosPerPair * pairs;
    for (long left = end - nanoClock.getAsLong();
        left > 0 && !Thread.currentThread().isInterrupted();
        left = end - nanoClock.getAsLong()) {
      LockSupport.parkNanos(left);
    }
  }
}
