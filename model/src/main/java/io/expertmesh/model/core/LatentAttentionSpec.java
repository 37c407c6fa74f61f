package io.expertmesh.model.core;

import java.util.Objects;
import java.util.Optional;

/**
 * Multi-head latent attention (DeepSeek-V2, 2024): keys and values are linear maps of one
 * compressed row per token, which is all that is cached, with one rotated key part that all heads
 * share.
 *
 * @param heads query heads
 * @param plainDim dimensions of a query or key head without position
 * @param rope rotation of the {@code rope.dims()} dimensions that follow them
 * @param valueDim dimensions of a value head
 * @param rank width of the compressed row
 * @param scale factor on the scores
 * @param queryDown {@code [queryRank, hiddenSize]} with the norm after it, if queries are
 *     compressed
 * @param query {@code [heads · (plainDim + rope.dims), queryRank or hiddenSize]}
 * @param compress {@code [rank + rope.dims, hiddenSize]}: the compressed row, then the shared key
 *     part
 * @param compressedNorm norm of the compressed row
 * @param expand {@code [heads · (plainDim + valueDim), rank]}: per head its plain key, then its
 *     value
 * @param output {@code [hiddenSize, heads · valueDim]}
 */
public record LatentAttentionSpec(
    int heads,
    int plainDim,
    RopeSpec rope,
    int valueDim,
    int rank,
    float scale,
    Optional<CompressedQuery> queryDown,
    Linear query,
    Linear compress,
    NormSpec compressedNorm,
    Linear expand,
    Linear output)
    implements TemporalMixer {
  public LatentAttentionSpec {
    Objects.requireNonNull(rope, "rope");
    Objects.requireNonNull(queryDown, "queryDown");
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(compress, "compress");
    Objects.requireNonNull(compressedNorm, "compressedNorm");
    Objects.requireNonNull(expand, "expand");
    Objects.requireNonNull(output, "output");
  }

  /** The first half of a compressed query projection: a map to its rank and a norm. */
  public record CompressedQuery(Linear down, NormSpec norm) {}
}
