package io.expertmesh.render.core;

import java.util.List;
import java.util.Objects;

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
    if (shards.stream().map(Shard::name).distinct().count() < shards.size()) {
      throw new RenderException("Two shards have the same name.");
    }
  }
}
