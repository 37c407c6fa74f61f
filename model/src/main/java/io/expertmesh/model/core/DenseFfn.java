package io.expertmesh.model.core;

import java.util.Objects;

/**
 * A gated feed-forward network: {@code down(silu(gate(x)) ⊙ up(x))}. As a channel mixer it is
 * dense; it is also the shape of one expert.
 *
 * @param inner width of the hidden layer
 * @param gate {@code [inner, hiddenSize]}
 * @param up {@code [inner, hiddenSize]}
 * @param down {@code [hiddenSize, inner]}
 */
public record DenseFfn(int inner, TensorRef gate, TensorRef up, TensorRef down)
    implements ChannelMixer {
  public DenseFfn {
    Objects.requireNonNull(gate, "gate");
    Objects.requireNonNull(up, "up");
    Objects.requireNonNull(down, "down");
  }
}
