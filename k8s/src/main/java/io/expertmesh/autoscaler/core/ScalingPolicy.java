package io.expertmesh.autoscaler.core;

/**
 * How a shard is scaled.
 *
 * @param min replicas that it never has fewer of; 0 lets an idle shard have none
 * @param max replicas that it never has more of
 * @param target part of its time that a replica should be busy, above 0 and at most 1
 * @param drainMillis within which queued work should be done; what cannot be is demand
 * @param tolerance by how much demand may differ from what is there before anything changes, as a
 *     part of it
 * @param upMillis how long demand must be higher before replicas are added
 * @param downMillis how long demand must be lower before replicas are taken away
 * @param downStepMillis least time between two replicas that are taken away
 * @param idleMillis without tokens, after which a shard with {@code min} 0 has none
 * @param staleMillis after which numbers that were not renewed are too old to take replicas away
 */
public record ScalingPolicy(
    int min,
    int max,
    double target,
    long drainMillis,
    double tolerance,
    long upMillis,
    long downMillis,
    long downStepMillis,
    long idleMillis,
    long staleMillis) {
  /** Most replicas of a shard. */
  public static final int MOST = 10_000;

  public ScalingPolicy {
    within("min", min, 0, MOST);
    within("max", max, Math.max(1, min), MOST);
    within("drain", drainMillis, 1, 3_600_000);
    within("up-window", upMillis, 0, 3_600_000);
    within("down-window", downMillis, 0, 86_400_000);
    within("down-step", downStepMillis, 0, 86_400_000);
    within("idle", idleMillis, 1000, 86_400_000);
    within("stale", staleMillis, 1000, 3_600_000);
    if (!(target > 0 && target <= 1)) {
      throw new IllegalArgumentException(
          "target is " + target + ", must be above 0 and at most 1.");
    }
    if (!(tolerance >= 0 && tolerance < 1)) {
      throw new IllegalArgumentException(
          "tolerance is " + tolerance + ", must be from 0 and below 1.");
    }
  }

  private static void within(String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          key + " is " + value + ", must be from " + least + " to " + most + ".");
    }
  }

  /** What is used where nothing else is configured. */
  public static ScalingPolicy standard() {
    return new ScalingPolicy(1, 4, 0.7, 1000, 0.1, 0, 60_000, 10_000, 300_000, 5_000);
  }

  /** The same with other bounds. */
  public ScalingPolicy bounds(int newMin, int newMax) {
    return new ScalingPolicy(
        newMin,
        newMax,
        target,
        drainMillis,
        tolerance,
        upMillis,
        downMillis,
        downStepMillis,
        idleMillis,
        staleMillis);
  }

  /** Replicas within the bounds that are nearest to a number. */
  int clamp(int replicas) {
    return Math.clamp(replicas, min, max);
  }
}
