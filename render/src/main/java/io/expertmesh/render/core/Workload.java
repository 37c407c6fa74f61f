package io.expertmesh.render.core;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What is rendered.
 *
 * @param modelId name that the model is served under
 * @param files of the checkpoint, names without folders, in order
 * @param totalBytes of all weights as they are stored
 * @param attentionBytes of the weights that an attention-service holds
 * @param gateBytes of the weights that a router-service holds
 * @param shards of the routed experts; empty for a dense model
 */
public record Workload(
    String modelId,
    List<String> files,
    long totalBytes,
    long attentionBytes,
    long gateBytes,
    List<Shard> shards) {
  public Workload {
    Objects.requireNonNull(modelId, "modelId");
    files = List.copyOf(files);
    shards = List.copyOf(shards);
    Set<String> names = new HashSet<>();
    for (Shard shard : shards) {
      if (!names.add(shard.name())) {
        throw new RenderException("Two shards have the name " + shard.name() + ".");
      }
    }
  }
}
