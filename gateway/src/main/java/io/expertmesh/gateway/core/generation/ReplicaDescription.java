package io.expertmesh.gateway.core.generation;

import java.util.List;
import java.util.Set;

/**
 * What an attention replica says of itself.
 *
 * @param weightsVersion digest of the weights
 * @param numericsClass what its results depend on, bit by bit
 * @param routedLayers the layers with routed experts, ascending; none if the model is dense
 * @param ready whether it can serve now
 * @param waitsForExperts whether it cannot, but takes requests, which wait for experts that have no
 *     replica now
 * @param notReadyReason for people
 */
public record ReplicaDescription(
    String modelId,
    long weightsVersion,
    String numericsClass,
    int vocabSize,
    int maxContext,
    int maxLogprobs,
    Set<Integer> eosIds,
    List<RoutedLayer> routedLayers,
    boolean ready,
    boolean waitsForExperts,
    String notReadyReason) {
  public ReplicaDescription {
    eosIds = Set.copyOf(eosIds);
    routedLayers = List.copyOf(routedLayers);
  }

  /** Whether a sequence begun there continues here with the same bits. */
  public boolean computesLike(ReplicaDescription other) {
    return weightsVersion == other.weightsVersion && numericsClass.equals(other.numericsClass);
  }
}
