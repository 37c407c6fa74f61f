package io.expertmesh.autoscaler.core;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.LoadEvent.ExpertTokens;
import java.util.List;
import java.util.Map;

/** Load events as services write them. */
final class Events {
  private Events() {}

  /** An expert-service that was busy for a part of a second, with 1 ms per token. */
  static LoadEvent expert(String shard, String replica, long sequence, double busy) {
    return expert(shard, replica, sequence, busy, 0, false);
  }

  /** The same, each of whose tokens was computed alone. */
  static LoadEvent expert(
      String shard,
      String replica,
      long sequence,
      double busy,
      double queueMillis,
      boolean leaving) {
    long batches = Math.round(busy * 1000);
    return expert(shard, replica, sequence, busy, queueMillis, leaving, batches);
  }

  /** The same in so many batches. */
  static LoadEvent expert(
      String shard,
      String replica,
      long sequence,
      double busy,
      double queueMillis,
      boolean leaving,
      long batches) {
    long tokens = Math.round(busy * 1000);
    return new LoadEvent(
        LoadEvent.EXPERT_SERVICE,
        shard,
        replica,
        "m",
        sequence,
        0,
        1000,
        leaving,
        tokens,
        tokens,
        batches,
        busy,
        queueMillis,
        queueMillis,
        0,
        0,
        List.of(new ExpertTokens(0, 1, tokens)),
        Map.of(),
        Map.of());
  }

  /** A router that turned rows away. */
  static LoadEvent router(long sequence, Map<String, Long> parked) {
    return other("router-service", "router-1", sequence, parked, Map.of());
  }

  /** A gateway that counted its tenants' tokens. */
  static LoadEvent gateway(long sequence, Map<String, Long> tenants) {
    return other("gateway", "gateway-1", sequence, Map.of(), tenants);
  }

  private static LoadEvent other(
      String service,
      String replica,
      long sequence,
      Map<String, Long> parked,
      Map<String, Long> tenants) {
    return new LoadEvent(
        service, "", replica, "m", sequence, 0, 1000, false, 0, 0, 0, 0, 0, 0, 0, 0, List.of(),
        parked, tenants);
  }
}
