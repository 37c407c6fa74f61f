package io.expertmesh.model.core;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Causal softmax attention with grouped key-value heads.
 *
 * @param heads query heads
 * @param kvHeads key-value heads; divides {@code heads}
 * @param headDim floats per head
 * @param position how scores learn positions
 * @param window number of keys a token sees, itself included; empty = all
 * @param scale factor on the scores
 * @param softCap {@code c · tanh(score / c)} after scaling and before the mask, if given
 * @param sinks one logit per query head that takes part in the softmax and has no value, if given
 * @param queryKeyNorm norms on queries and keys before positions, if any
 * @param clip limit that projected queries, keys and values are clamped to (after the norms), if
 *     given
 * @param query {@code [heads · headDim, hiddenSize]}
 * @param key {@code [kvHeads · headDim, hiddenSize]}
 * @param value {@code [kvHeads · headDim, hiddenSize]}
 * @param output {@code [hiddenSize, heads · headDim]}
 */
public record AttentionSpec(
    int heads,
    int kvHeads,
    int headDim,
    PositionSpec position,
    OptionalInt window,
    float scale,
    OptionalDouble softCap,
    Optional<TensorRef> sinks,
    Optional<QueryKeyNorm> queryKeyNorm,
    OptionalDouble clip,
    Linear query,
    Linear key,
    Linear value,
    Linear output)
    implements TemporalMixer {
  public AttentionSpec {
    Objects.requireNonNull(position, "position");
    Objects.requireNonNull(window, "window");
    Objects.requireNonNull(softCap, "softCap");
    Objects.requireNonNull(sinks, "sinks");
    Objects.requireNonNull(queryKeyNorm, "queryKeyNorm");
    Objects.requireNonNull(clip, "clip");
    if (heads <= 0 || kvHeads <= 0 || headDim <= 0 || heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "attention of "
              + heads
              + " query heads, "
              + kvHeads
              + " key-value heads, head_dim "
              + headDim);
    }
  }
}
