package io.expertmesh.expert.transport;

import io.expertmesh.expert.core.ExpertEngine;
import io.expertmesh.expert.core.ExpertWeights;
import io.expertmesh.protocol.v1.JoinRequest;
import io.expertmesh.protocol.v1.LayerExperts;

/** What a replica says of itself when it asks for a lease. */
public final class JoinRequests {
  private JoinRequests() {}

  /**
   * @param replicaId unique per process start
   * @param address host:port at which routers dial this replica
   */
  public static JoinRequest of(
      ExpertEngine engine, String modelId, String replicaId, String address) {
    ExpertWeights weights = engine.weights();
    JoinRequest.Builder join =
        JoinRequest.newBuilder()
            .setReplicaId(replicaId)
            .setShard(weights.shard().name())
            .setAddress(address)
            .setModelId(modelId)
            .setWeightsVersion(weights.version())
            .setNumericsClass(engine.numericsClass())
            .setWidth(weights.hidden())
            .setDtype(WireTypes.of(weights.activations()));
    weights
        .shard()
        .experts()
        .forEach(
            (layer, experts) ->
                join.addExperts(
                    LayerExperts.newBuilder()
                        .setLayer(layer)
                        .addAllExperts(experts.stream().boxed().toList())));
    return join.build();
  }
}
