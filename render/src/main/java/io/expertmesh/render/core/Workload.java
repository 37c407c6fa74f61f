package io.expertmesh.render.core;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What is rendered.
 *
 * @param modelId name that the model is served under
 * @param attentionBytes of the weights that an attention-service holds
 * @param gateBytes of the weights that a router-service holds
 * @param shards of the routed experts; empty for a dense model
 * @param fetched what pods take on their disks that fetch their weights
 */
public record Workload(
    String modelId, long attentionBytes, long gateBytes, List<Shard> shards, FetchSizes fetched) {
  public Workload {
    Objects.requireNonNull(modelId, "modelId");
    shards = List.copyOf(shards);
    Objects.requireNonNull(fetched, "fetched");
    Set<String> names = new HashSet<>();
    for (Shard shard : shards) {
      if (!names.add(shard.name())) {
        throw new RenderException("Two shards have the name " + shard.name() + ".");
      }
    }
  }
}
