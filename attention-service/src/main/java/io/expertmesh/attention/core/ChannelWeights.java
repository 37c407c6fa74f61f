package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.PackedMatrix;

/** What this process holds of a layer's channel mixer. */
sealed interface ChannelWeights {
  /**
   * A feed-forward block computed here.
   *
   * @param gateUp gate rows, then up rows, {@code [2 · inner, hidden]}
   * @param down {@code [hidden, inner]}
   */
  record Dense(PackedMatrix gateUp, PackedMatrix down, int inner) implements ChannelWeights {}

  /** Routed experts: nothing of them is here. */
  record Routed() implements ChannelWeights {}
}
