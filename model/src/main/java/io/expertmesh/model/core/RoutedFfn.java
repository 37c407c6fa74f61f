package io.expertmesh.model.core;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A sparsely gated feed-forward block, with the shared expert that some families run beside it.
 *
 * @param gate what turns a row into assignments
 * @param experts the experts in order of their index
 * @param shared a network that every token runs through; its rows are added to the routed ones
 */
public record RoutedFfn(GateSpec gate, List<DenseFfn> experts, Optional<SharedExpert> shared)
    implements ChannelMixer {
  public RoutedFfn {
    Objects.requireNonNull(gate, "gate");
    experts = List.copyOf(experts);
    Objects.requireNonNull(shared, "shared");
  }

  /** The same block under another gate. */
  public RoutedFfn withGate(GateSpec other) {
    return new RoutedFfn(other, experts, shared);
  }

  /** The same block with a shared expert beside it. */
  public RoutedFfn withShared(SharedExpert expert) {
    return new RoutedFfn(gate, experts, Optional.of(expert));
  }

  /**
   * A shared expert.
   *
   * @param network computed where attention is
   * @param gate {@code [1, hiddenSize]}: the network's row is multiplied by {@code σ(gate · x)}, if
   *     given
   */
  public record SharedExpert(DenseFfn network, Optional<TensorRef> gate) {
    public SharedExpert {
      Objects.requireNonNull(network, "network");
      Objects.requireNonNull(gate, "gate");
    }
  }
}
