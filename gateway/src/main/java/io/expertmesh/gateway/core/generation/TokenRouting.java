package io.expertmesh.gateway.core.generation;

/**
 * The experts of one token in all routed layers, in ascending order of the layers.
 *
 * @param counts per routed layer, experts that computed the token
 * @param experts of all these layers, ascending within each
 * @param weights of these experts
 * @param droppedCounts per routed layer, choices that found no room; empty if none was dropped
 * @param dropped experts of these choices
 * @param droppedWeights what these would have had if nothing had been dropped
 */
public record TokenRouting(
    int[] counts,
    int[] experts,
    float[] weights,
    int[] droppedCounts,
    int[] dropped,
    float[] droppedWeights) {
  public TokenRouting {
    if (experts.length != weights.length) {
      throw new IllegalArgumentException(
          experts.length + " experts have " + weights.length + " weights");
    }
    if (dropped.length != droppedWeights.length) {
      throw new IllegalArgumentException(
          dropped.length + " dropped choices have " + droppedWeights.length + " weights");
    }
  }

  /** Choices in it, dropped ones included. */
  public int choices() {
    return experts.length + dropped.length;
  }
}
