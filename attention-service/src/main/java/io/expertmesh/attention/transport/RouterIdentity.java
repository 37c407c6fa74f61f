package io.expertmesh.attention.transport;

import io.expertmesh.protocol.v1.RouterDescription;
import java.util.Objects;
import java.util.Optional;

/**
 * What a router must say of itself to be used.
 *
 * @param modelId model it must serve
 * @param weightsVersion digest of the checkpoint it must have read
 * @param numericsClass label that its experts must have, once there are some
 */
public record RouterIdentity(String modelId, long weightsVersion, String numericsClass) {
  public RouterIdentity {
    Objects.requireNonNull(modelId, "modelId");
    Objects.requireNonNull(numericsClass, "numericsClass");
  }

  /** Why a router cannot be used; empty if it can. */
  Optional<String> mismatch(RouterDescription router) {
    if (!router.getModelId().equals(modelId)) {
      return Optional.of("it serves model " + router.getModelId() + ", not " + modelId);
    }
    if (router.getWeightsVersion() != weightsVersion) {
      return Optional.of(
          "its weights have version %016x, ours %016x"
              .formatted(router.getWeightsVersion(), weightsVersion));
    }
    if (!router.getNumericsClass().isEmpty() && !router.getNumericsClass().equals(numericsClass)) {
      return Optional.of(
          "its experts compute in class "
              + router.getNumericsClass()
              + ", this process in "
              + numericsClass);
    }
    return Optional.empty();
  }
}
