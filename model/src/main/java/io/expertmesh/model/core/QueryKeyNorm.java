package io.expertmesh.model.core;

import java.util.Objects;

/**
 * Norms on projected queries and keys, before positions are applied.
 *
 * @param scope what one normalisation covers
 * @param query norm of queries
 * @param key norm of keys
 */
public record QueryKeyNorm(Scope scope, NormSpec query, NormSpec key) {
  /** What one normalisation covers. */
  public enum Scope {
    /** One head of {@code headDim} values; all heads share the weight (Qwen3). */
    HEAD,
    /** One head, with a weight row of its own for each: the weight has heads · headDim values. */
    EACH_HEAD,
    /** All heads together: the weight has heads · headDim values (OLMoE). */
    ALL_HEADS
  }

  public QueryKeyNorm {
    Objects.requireNonNull(scope, "scope");
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
  }
}
