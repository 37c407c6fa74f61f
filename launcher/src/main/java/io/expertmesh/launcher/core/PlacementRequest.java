package io.expertmesh.launcher.core;

import io.expertmesh.render.core.Shard;
import java.util.List;
import java.util.Objects;

/**
 * What one command asks the supervisor of a running mesh for: other shards.
 *
 * @param id tells this request from all others
 * @param patienceSeconds how long new expert-services may take until they serve
 * @param shards all shards of the new placement; together they host every expert
 */
public record PlacementRequest(String id, int patienceSeconds, List<Shard> shards) {
  public PlacementRequest {
    Objects.requireNonNull(id, "id");
    shards = List.copyOf(shards);
  }

  /** Expert-services that run once the placement is in force; a shard starts with one at least. */
  public int processes() {
    return shards.stream().mapToInt(PlacementRequest::replicas).sum();
  }

  /** Replicas that a shard starts with. */
  public static int replicas(Shard shard) {
    return Math.max(1, shard.min());
  }
}
