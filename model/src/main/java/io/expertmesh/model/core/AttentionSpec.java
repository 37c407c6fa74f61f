package io.expertmesh.model.core;

import java.util.Objects;
import java.util.OptionalInt;

/**
 * Causal softmax attention with grouped key-value heads and rotary positions.
 *
 * @param heads query heads
 * @param kvHeads key-value heads; divides {@code heads}
 * @param headDim floats per head
 * @param rope rotary frequencies
 * @param window number of keys a token sees, itself included; empty = all
 * @param scale factor on the scores
 * @param query {@code [heads · headDim, hiddenSize]}
 * @param key {@code [kvHeads · headDim, hiddenSize]}
 * @param value {@code [kvHeads · headDim, hiddenSize]}
 * @param output {@code [hiddenSize, heads · headDim]}
 */
public record AttentionSpec(
    int heads,
    int kvHeads,
    int headDim,
    RopeSpec rope,
    OptionalInt window,
    float scale,
    TensorRef query,
    TensorRef key,
    TensorRef value,
    TensorRef output)
    implements TemporalMixer {
  public AttentionSpec {
    Objects.requireNonNull(rope, "rope");
    Objects.requireNonNull(window, "window");
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
