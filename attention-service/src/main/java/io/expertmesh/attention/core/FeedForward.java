package io.expertmesh.attention.core;

import io.expertmesh.model.core.RowActivation;

/**
 * A feed-forward network that is computed here.
 *
 * @param activation what happens between the products
 * @param inner hidden values of a row
 * @param up gate rows (if the network is gated), then up rows, then one row whose sigmoid scales
 *     the network's output (if it has such a gate of its own)
 * @param outputGated whether there is that last row
 * @param down {@code [hidden, inner]}
 */
record FeedForward(
    RowActivation activation, int inner, Projection up, boolean outputGated, Projection down) {
  /** Bytes of packed weights that one run reads. */
  long bytes() {
    return up.bytes() + down.bytes();
  }
}
