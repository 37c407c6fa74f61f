package io.expertmesh.autoscaler.core;

import io.expertmesh.protocol.core.LoadEvent;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Load events in, snapshots out, on a time that only the caller knows. Events and time advance
 * together: {@link #advance} passes through every whole second up to the one it is given, so what
 * is decided depends on the events and their times alone, not on when they were read. Two of these
 * that read the same events say the same. Not thread-safe.
 */
public final class Autoscaler {
  private static final long TICK_MILLIS = 1000;

  /** A longer time without any event or tick is jumped over. */
  private static final long LONGEST_GAP_MILLIS = 600_000;

  private final Function<String, ScalingPolicy> policies;
  private final ScalingPolicy standard;
  private final TenantCaps caps;
  private final LoadBook book = new LoadBook();
  private final Map<String, ShardScaler> scalers = new TreeMap<>();
  private Snapshot snapshot = Snapshot.EMPTY;
  private long tickedAt = Long.MIN_VALUE;

  /**
   * @param standard the policy of shards that have none of their own
   * @param own policies by shard
   * @param caps what tenants may cost
   */
  public Autoscaler(ScalingPolicy standard, Map<String, ScalingPolicy> own, TenantCaps caps) {
    this.standard = Objects.requireNonNull(standard, "standard");
    Map<String, ScalingPolicy> copy = Map.copyOf(own);
    this.policies = shard -> copy.getOrDefault(shard, standard);
    this.caps = Objects.requireNonNull(caps, "caps");
  }

  /** Takes an event that the broker took at a time. Times may be a little out of order. */
  public void add(LoadEvent event, long atMillis) {
    advance(atMillis);
    book.add(event, atMillis);
  }

  /** Makes a shard known that may have no replica. */
  public void know(String shard) {
    book.know(shard);
  }

  /** Lets time pass; earlier times than the last are ignored. */
  public void advance(long nowMillis) {
    long last = Math.floorDiv(nowMillis, TICK_MILLIS) * TICK_MILLIS;
    if (tickedAt == Long.MIN_VALUE || last - tickedAt > LONGEST_GAP_MILLIS) {
      tickedAt = last - TICK_MILLIS;
    }
    while (tickedAt < last) {
      tickedAt += TICK_MILLIS;
      tick(tickedAt);
    }
  }

  private void tick(long nowMillis) {
    long silence = book.silenceMillis(nowMillis);
    boolean blind = silence > standard.staleMillis();
    List<ShardLoad> loads = book.loads(nowMillis, policies);
    Map<String, Double> shares = book.tenantShares(nowMillis);
    double all = loads.stream().mapToDouble(ShardLoad::demand).sum();
    double allowed = caps.allowed(all, shares);
    boolean orphans = book.orphansPerSecond(nowMillis) > 0;
    boolean waiting = orphans || loads.stream().anyMatch(ShardLoad::parked);
    Map<String, ShardView> views = new TreeMap<>();
    for (ShardLoad load : loads) {
      // Rows that wait for one shard may need any other in the next layer: none is put to sleep.
      ShardLoad seen = waiting ? load.needed(orphans && load.replicas() == 0) : load;
      ScalingPolicy policy = policies.apply(load.shard());
      double demand = load.demand() * allowed;
      Decision decision =
          scalers
              .computeIfAbsent(load.shard(), name -> new ShardScaler())
              .decide(nowMillis, seen, demand, blind, policy);
      views.put(load.shard(), new ShardView(seen, demand, policy, decision));
    }
    snapshot = new Snapshot(nowMillis, blind, silence, views, shares);
  }

  /** What was decided at the last whole second. */
  public Snapshot snapshot() {
    return snapshot;
  }

  /** Events that were told before, and counted once. */
  public long duplicates() {
    return book.duplicates();
  }
}
