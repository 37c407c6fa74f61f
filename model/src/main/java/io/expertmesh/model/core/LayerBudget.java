package io.expertmesh.model.core;

/**
 * Bytes of one layer's weights, by the role that reads them. Matrices count as they are multiplied,
 * which is as they are stored unless they are stored packed; vectors count as fp32.
 *
 * @param attention projections of the temporal mixer
 * @param norms norms around the mixers
 * @param gate gate matrix; 0 in a dense layer
 * @param dense feed-forward network that every token runs through: a dense block or a shared expert
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
