package io.expertmesh.gateway.core.generation;

import java.util.Set;

/**
 * What an attention replica says of itself.
 *
 * @param weightsVersion digest of the weights
 * @param numericsClass what its results depend on, bit by bit
 * @param ready whether it can serve now
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
    boolean ready,
    String notReadyReason) {
  public ReplicaDescription {
    eosIds = Set.copyOf(eosIds);
  }

  /** Whether a sequence begun there continues here with the same bits. */
  public boolean computesLike(ReplicaDescription other) {
    return weightsVersion == other.weightsVersion && numericsClass.equals(other.numericsClass);
  }
}
