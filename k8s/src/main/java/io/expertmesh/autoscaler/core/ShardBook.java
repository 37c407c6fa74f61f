package io.expertmesh.autoscaler.core;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.LoadEvent.ExpertTokens;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/** What is known of one shard: the last intervals of its replicas, and rows that wait for any. */
final class ShardBook {
  private static final long LEFT_MILLIS = 30_000;
  private static final long NEVER = Long.MIN_VALUE;

  private final String shard;
  private final Map<String, ReplicaLoad> replicas = new HashMap<>();
  private final RecentSum parked = new RecentSum();
  private boolean heard;
  private double secondsPerToken;
  private long tokensAt = NEVER;

  ShardBook(String shard) {
    this.shard = shard;
  }

  /** False if the event was known already. */
  boolean add(LoadEvent event, long atMillis) {
    heard = true;
    ReplicaLoad known = replicas.get(event.replica());
    boolean counts = known == null || known.add(event, atMillis);
    if (known == null) {
      replicas.put(event.replica(), new ReplicaLoad(event, atMillis));
    }
    if (counts && event.tokensIn() > 0) {
      tokensAt = Math.max(tokensAt, atMillis);
    }
    return counts;
  }

  void parked(long rows, long atMillis) {
    parked.add(rows, atMillis);
    tokensAt = Math.max(tokensAt, atMillis);
  }

  /** Replicas that were not heard of since then are gone. */
  void forget(long heardBefore, long nowMillis) {
    Iterator<ReplicaLoad> all = replicas.values().iterator();
    while (all.hasNext()) {
      ReplicaLoad replica = all.next();
      boolean left = replica.leaving() && nowMillis - replica.heardAt() > LEFT_MILLIS;
      if (left || replica.heardAt() < heardBefore) {
        all.remove();
      }
    }
  }

  ShardLoad load(long nowMillis, ScalingPolicy policy) {
    double busy = 0;
    double done = 0;
    for (ReplicaLoad replica : replicas.values()) {
      busy += replica.sum(LoadEvent::busySeconds);
      done += replica.sum(LoadEvent::tokensOut);
    }
    if (done > 0) {
      secondsPerToken = busy / done;
    }
    if (tokensAt == NEVER) {
      tokensAt = nowMillis;
    }
    Sums sums = new Sums();
    for (ReplicaLoad replica : replicas.values()) {
      if (!replica.leaving()) {
        sums.add(replica, nowMillis - replica.heardAt() > policy.staleMillis());
      }
    }
    double tokens = perSecond(LoadEvent::tokensIn);
    // Little's law: what waits on average is what arrives times how long it waits.
    double queued = perSecond(e -> e.tokensIn() * (e.queueMeanMillis() / 1000 + waitInBatch(e)));
    double demand =
        tokens * secondsPerToken
            + queued * secondsPerToken * 1000 / policy.drainMillis()
            + sums.stuck;
    int leaving = (int) replicas.values().stream().filter(ReplicaLoad::leaving).count();
    return new ShardLoad(
        shard,
        sums.replicas,
        leaving,
        sums.silent,
        heard,
        tokens,
        secondsPerToken,
        queued,
        demand,
        sums.replicas == 0 ? 0 : perSecond(LoadEvent::busySeconds) / sums.replicas,
        tokens == 0 ? 0 : queued / tokens * 1000,
        sums.p99,
        perSecond(LoadEvent::shed),
        parked.perSecond(nowMillis),
        Math.max(0, nowMillis - tokensAt),
        sums.experts);
  }

  /**
   * Seconds that a token waits for the others of its batch. Callers who wait for an answer before
   * they send the next rows never let a replica be busy all of the time: what they would send piles
   * up in larger and larger batches, and nowhere else.
   */
  private static double waitInBatch(LoadEvent event) {
    return event.batches() == 0 || event.tokensOut() == 0
        ? 0
        : event.busySeconds() / event.batches() - event.busySeconds() / event.tokensOut();
  }

  /** A number per second: over the last intervals, or over the very last ones if that is more. */
  private double perSecond(ReplicaLoad.Part part) {
    return Math.max(perSecond(part, ReplicaLoad.SPAN), perSecond(part, ReplicaLoad.BRISK));
  }

  /**
   * What all replicas did in a span of time, over that span: one that has lived only for a part of
   * it has not done the rest's work at the same rate, another has.
   */
  private double perSecond(ReplicaLoad.Part part, int span) {
    double sum = 0;
    double seconds = 0;
    for (ReplicaLoad replica : replicas.values()) {
      if (!replica.leaving()) {
        sum += replica.sum(part, span);
        seconds = Math.max(seconds, replica.sum(e -> e.intervalMillis() / 1000.0, span));
      }
    }
    return seconds <= 0 ? 0 : sum / seconds;
  }

  /** Sums over the replicas that take work. */
  private static final class Sums {
    private int replicas;
    private int silent;
    private int stuck;
    private double p99;
    private final Map<String, Double> experts = new HashMap<>();

    void add(ReplicaLoad replica, boolean isSilent) {
      replicas++;
      silent += isSilent ? 1 : 0;
      p99 = Math.max(p99, replica.newest().queueP99Millis());
      boolean working = replica.sum(LoadEvent::tokensOut) > 0;
      if (!working && replica.newest().inFlightTokens() > 0) {
        // It has work and finishes none: whatever that is, it does no one else's.
        stuck++;
      }
      for (ExpertTokens expert : replica.newest().experts()) {
        experts.merge(
            expert.layer() + ":" + expert.expert(),
            expert.tokens() * 1000.0 / replica.newest().intervalMillis(),
            Double::sum);
      }
    }
  }
}
