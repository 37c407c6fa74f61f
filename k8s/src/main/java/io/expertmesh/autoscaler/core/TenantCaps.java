package io.expertmesh.autoscaler.core;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the traffic of a tenant may cost: the busy replicas, over all shards together, that are
 * provided for it. A tenant's part of the demand is its part of the tokens. What goes beyond a cap
 * is not provided for, so a tenant that makes an expert hot waits longer instead of costing more.
 *
 * @param busyReplicas cap by tenant; tenants without one have none
 */
public record TenantCaps(Map<String, Double> busyReplicas) {
  /** No caps. */
  public static final TenantCaps NONE = new TenantCaps(Map.of());

  public TenantCaps {
    busyReplicas = Map.copyOf(new TreeMap<>(busyReplicas));
    busyReplicas.forEach(
        (tenant, cap) -> {
          if (!(cap >= 0) || cap.isInfinite()) {
            throw new IllegalArgumentException(
                "tenant-caps: the cap of '" + tenant + "' is " + cap + ", must be from 0.");
          }
        });
  }

  /**
   * Reads {@code tenant=cap,tenant=cap}.
   *
   * @throws IllegalArgumentException which names the entry that is wrong
   */
  public static TenantCaps parse(List<String> entries) {
    Map<String, Double> caps = new TreeMap<>();
    for (String entry : entries) {
      int equals = entry.lastIndexOf('=');
      try {
        caps.put(
            entry.substring(0, equals).strip(),
            Double.valueOf(entry.substring(equals + 1).strip()));
      } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
        throw new IllegalArgumentException(
            "tenant-caps: '" + entry + "' must be tenant=replicas, e.g. acme=2.5.", e);
      }
    }
    return new TenantCaps(caps);
  }

  /**
   * Part of the whole demand that is provided for, 0 to 1.
   *
   * @param demand busy replicas of all shards
   * @param shares part of the tokens by tenant; sums to 1, or is empty where nothing is known
   */
  public double allowed(double demand, Map<String, Double> shares) {
    if (busyReplicas.isEmpty() || shares.isEmpty() || demand <= 0) {
      return 1;
    }
    double allowed = 0;
    for (Map.Entry<String, Double> share : shares.entrySet()) {
      double own = share.getValue() * demand;
      allowed += Math.min(own, busyReplicas.getOrDefault(share.getKey(), own));
    }
    return Math.min(1, allowed / demand);
  }
}
