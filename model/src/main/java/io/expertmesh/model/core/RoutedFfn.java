package io.expertmesh.model.core;

import java.util.List;
import java.util.Objects;

/**
 * A sparsely gated feed-forward block.
 *
 * @param policy how the gate's logits become assignments
 * @param gate {@code [experts, hiddenSize]}
 * @param experts the experts in order of their index
 */
public record RoutedFfn(GatingSpec policy, TensorRef gate, List<DenseFfn> experts)
    implements ChannelMixer {
  public RoutedFfn {
    Objects.requireNonNull(policy, "policy");
    Objects.requireNonNull(gate, "gate");
    experts = List.copyOf(experts);
  }
}
