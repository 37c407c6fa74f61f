package io.expertmesh.autoscaler.core;

import io.expertmesh.protocol.core.LoadEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What is known of all shards. Times are those at which the broker took the events, one clock for
 * all readers; the clocks of the services do not matter. Memory is bounded by the number of
 * replicas.
 */
public final class LoadBook {
  /** A replica that is not heard of for so long, while others are, is gone. */
  static final long FORGET_MILLIS = 15_000;

  /** For so long an event may be told again. */
  private static final long REPEAT_MILLIS = 600_000;

  private final Map<String, ShardBook> shards = new TreeMap<>();
  private final Map<String, RecentSum> tenants = new TreeMap<>();
  private final Map<String, Told> toldBy = new HashMap<>();
  private final RecentSum orphans = new RecentSum();
  private boolean any;
  private long heardAt;
  private long duplicates;

  /** The last interval that a process other than an expert-service told of, and when. */
  private record Told(long sequence, long atMillis) {}

  /** Makes a shard known that may have no replica. */
  public void know(String shard) {
    shards.computeIfAbsent(shard, ShardBook::new);
  }

  /**
   * Takes an event.
   *
   * @param atMillis when the broker took it
   */
  public void add(LoadEvent event, long atMillis) {
    if (!any || atMillis > heardAt) {
      heardAt = atMillis;
      any = true;
    }
    if (event.service().equals(LoadEvent.EXPERT_SERVICE)) {
      if (!event.shard().isEmpty()) {
        know(event.shard());
        duplicates += shard(event.shard()).add(event, atMillis) ? 0 : 1;
      }
    } else if (fresh(event, atMillis)) {
      event.parked().forEach((shard, rows) -> park(shard, rows, atMillis));
      event
          .tenants()
          .forEach(
              (tenant, tokens) ->
                  tenants.computeIfAbsent(tenant, t -> new RecentSum()).add(tokens, atMillis));
    } else {
      duplicates++;
    }
  }

  private boolean fresh(LoadEvent event, long atMillis) {
    Told told = toldBy.get(event.replica());
    if (told != null && told.sequence() >= event.sequence()) {
      return false;
    }
    toldBy.put(event.replica(), new Told(event.sequence(), atMillis));
    return true;
  }

  private void park(String shard, long rows, long atMillis) {
    if (shard.equals(LoadEvent.UNKNOWN_SHARD)) {
      orphans.add(rows, atMillis);
    } else {
      know(shard);
      shard(shard).parked(rows, atMillis);
    }
  }

  private ShardBook shard(String name) {
    ShardBook book = shards.get(name);
    if (book == null) {
      throw new IllegalArgumentException("there is no shard " + name);
    }
    return book;
  }

  /** Events that were told before. */
  public long duplicates() {
    return duplicates;
  }

  /** How long nothing was heard of anybody; {@link Long#MAX_VALUE} if nothing ever was. */
  public long silenceMillis(long nowMillis) {
    return any ? Math.max(0, nowMillis - heardAt) : Long.MAX_VALUE;
  }

  /** Rows per second that wait for an expert of which nobody knows the shard. */
  public double orphansPerSecond(long nowMillis) {
    return orphans.perSecond(nowMillis);
  }

  /** Part of the tokens of each tenant, of all tokens whose tenant is known; empty if none is. */
  public Map<String, Double> tenantShares(long nowMillis) {
    // A tenant that comes back begins anew, so only those with traffic take memory.
    tenants.values().removeIf(sum -> sum.perSecond(nowMillis) <= 0);
    Map<String, Double> rates = new TreeMap<>();
    tenants.forEach((tenant, sum) -> rates.put(tenant, sum.perSecond(nowMillis)));
    double total = rates.values().stream().mapToDouble(rate -> rate).sum();
    if (total <= 0) {
      return Map.of();
    }
    rates.replaceAll((tenant, rate) -> rate / total);
    return rates;
  }

  /**
   * The load of every shard, by name.
   *
   * @param policies the policy of a shard by its name
   */
  public List<ShardLoad> loads(long nowMillis, Function<String, ScalingPolicy> policies) {
    // Where all are silent it is the bus that is gone, not they.
    long lastHeard = Math.min(nowMillis, any ? heardAt : nowMillis);
    List<ShardLoad> loads = new ArrayList<>(shards.size());
    shards.forEach(
        (name, book) -> {
          book.forget(lastHeard - FORGET_MILLIS, nowMillis);
          loads.add(book.load(nowMillis, policies.apply(name)));
        });
    toldBy.values().removeIf(told -> told.atMillis() < lastHeard - REPEAT_MILLIS);
    return loads;
  }
}
