package io.expertmesh.attention.core;

import java.util.Optional;

/** What this process holds of a layer's channel mixer. */
sealed interface ChannelWeights {
  /** Bytes of packed weights that one step reads here. */
  long bytes();

  /** Bias of the mixer's rows that is still to be added; empty for none. */
  float[] bias();

  /** A feed-forward network computed here. */
  record Dense(FeedForward network) implements ChannelWeights {
    @Override
    public long bytes() {
      return network.bytes();
    }

    @Override
    public float[] bias() {
      return network.down().bias();
    }
  }

  /**
   * Routed experts, which are elsewhere.
   *
   * @param shared the network that is computed here while the experts work, if there is one
   * @param choices most experts that a row can be assigned
   */
  record Routed(Optional<FeedForward> shared, int choices) implements ChannelWeights {
    @Override
    public long bytes() {
      return shared.map(FeedForward::bytes).orElse(0L);
    }

    @Override
    public float[] bias() {
      return new float[0];
    }
  }
}
