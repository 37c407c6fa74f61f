package io.expertmesh.autoscaler.core;

import java.util.Map;
import java.util.Objects;

/**
 * What a shard carries at one moment.
 *
 * @param shard name of the shard
 * @param replicas replicas that take work
 * @param leaving replicas that finish what they have
 * @param silent replicas that were not heard of for too long; their last numbers are used
 * @param heard true if any replica was ever heard of
 * @param tokensPerSecond tokens that arrive
 * @param secondsPerToken busy time that one takes
 * @param queuedTokens tokens that wait
 * @param demand busy replicas needed: arriving tokens × seconds per token, and the queued work over
 *     the time within which it should be done
 * @param utilisation part of its time that a replica is busy, on average
 * @param queueMeanMillis mean wait of a call
 * @param queueP99Millis worst 99th percentile of the waits
 * @param shedPerSecond tokens that are refused
 * @param parkedPerSecond rows that no replica was there for
 * @param idleMillis how long no token has arrived
 * @param experts tokens per second by expert, named layer:expert
 */
public record ShardLoad(
    String shard,
    int replicas,
    int leaving,
    int silent,
    boolean heard,
    double tokensPerSecond,
    double secondsPerToken,
    double queuedTokens,
    double demand,
    double utilisation,
    double queueMeanMillis,
    double queueP99Millis,
    double shedPerSecond,
    double parkedPerSecond,
    long idleMillis,
    Map<String, Double> experts) {
  public ShardLoad {
    Objects.requireNonNull(shard, "shard");
    experts = Map.copyOf(experts);
  }

  /**
   * The same as if a token had just arrived.
   *
   * @param waits true if rows wait for an expert of nobody knows which shard: perhaps for this one
   */
  ShardLoad needed(boolean waits) {
    return new ShardLoad(
        shard,
        replicas,
        leaving,
        silent,
        heard,
        tokensPerSecond,
        secondsPerToken,
        queuedTokens,
        demand,
        utilisation,
        queueMeanMillis,
        queueP99Millis,
        shedPerSecond,
        waits ? Math.max(parkedPerSecond, 1) : parkedPerSecond,
        0,
        experts);
  }

  /** True if rows wait for a replica. */
  public boolean parked() {
    return parkedPerSecond > 0;
  }
}
