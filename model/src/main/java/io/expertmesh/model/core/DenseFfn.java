package io.expertmesh.model.core;

import java.util.Objects;
import java.util.Optional;

/**
 * A feed-forward network: {@code down(act(gate(x)) ⊙ up(x))}, or {@code down(act(up(x)))} where
 * there is no gate. As a channel mixer it is dense; it is also the shape of one expert.
 *
 * @param inner width of the hidden layer
 * @param activation the nonlinearity {@code act}
 * @param gate {@code [inner, hiddenSize]}, if the network is gated
 * @param up {@code [inner, hiddenSize]}
 * @param down {@code [hiddenSize, inner]}
 */
public record DenseFfn(
    int inner, Activation activation, Optional<Linear> gate, Linear up, Linear down)
    implements ChannelMixer {
  public DenseFfn {
    Objects.requireNonNull(activation, "activation");
    Objects.requireNonNull(gate, "gate");
    Objects.requireNonNull(up, "up");
    Objects.requireNonNull(down, "down");
    if (gate.isEmpty() && activation instanceof Activation.ClampedSwiGlu) {
      throw new IllegalArgumentException("a clamped SwiGLU needs a gate");
    }
  }

  /** A SwiGLU without biases (Shazeer 2020). */
  public static DenseFfn swiGlu(int inner, TensorRef gate, TensorRef up, TensorRef down) {
    return new DenseFfn(
        inner, new Activation.Silu(), Optional.of(Linear.of(gate)), Linear.of(up), Linear.of(down));
  }
}
