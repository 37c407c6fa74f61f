package io.expertmesh.attention.core;

import io.expertmesh.model.core.Activation;

/**
 * A feed-forward network that is computed here.
 *
 * @param up gate rows (if the network is gated), then up rows, then one row whose sigmoid scales
 *     the network's output (if it has such a gate of its own)
 * @param gated whether there are gate rows
 * @param outputGated whether there is that last row
 * @param down {@code [hidden, inner]}
 */
record FeedForward(
    Activation activation,
    int inner,
    Projection up,
    boolean gated,
    boolean outputGated,
    Projection down) {
  /** Bytes of packed weights that one run reads. */
  long bytes() {
    return up.bytes() + down.bytes();
  }
}
