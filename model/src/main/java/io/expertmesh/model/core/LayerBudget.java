package io.expertmesh.model.core;

/**
 * Bytes of one layer's weights, by the role that reads them. Matrices count as they are stored,
 * norms as fp32.
 *
 * @param attention projections of the temporal mixer
 * @param norms both norms
 * @param gate gate matrix; 0 in a dense layer
 * @param dense feed-forward block that every token runs through; 0 in a routed layer
 * @param expert one routed expert; 0 in a dense layer
 * @param experts number of routed experts; 0 in a dense layer
 */
public record LayerBudget(
    long attention, long norms, long gate, long dense, long expert, int experts) {
  /** All routed experts of the layer together. */
  public long allExperts() {
    return expert * experts;
  }

  /** Everything that is read for every token: all but the routed experts. */
  public long always() {
    return attention + norms + gate + dense;
  }
}
