package io.expertmesh.autoscaler.core;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Everything that the autoscaler says, at one moment. Whoever asks is answered from one of these.
 *
 * @param atMillis the moment, on the broker's clock
 * @param blind true if no load events arrive: numbers are old and must not be acted on
 * @param silenceMillis how long none has arrived; {@link Long#MAX_VALUE} if none ever has
 * @param shards all known shards, by name
 * @param tenantShares part of the tokens by tenant
 */
public record Snapshot(
    long atMillis,
    boolean blind,
    long silenceMillis,
    Map<String, ShardView> shards,
    Map<String, Double> tenantShares) {
  /** Nothing is known yet. */
  public static final Snapshot EMPTY = new Snapshot(0, true, Long.MAX_VALUE, Map.of(), Map.of());

  public Snapshot {
    shards = java.util.Collections.unmodifiableMap(new TreeMap<>(shards));
    tenantShares = java.util.Collections.unmodifiableMap(new TreeMap<>(tenantShares));
  }

  /** The shard of a name. */
  public Optional<ShardView> shard(String name) {
    return Optional.ofNullable(shards.get(name));
  }

  /** All shards. */
  public List<ShardView> views() {
    return List.copyOf(shards.values());
  }
}
