package io.expertmesh.gateway.core.generation;

/**
 * The experts of one token in all routed layers, in ascending order of the layers.
 *
 * @param counts per routed layer, experts that computed the token
 * @param experts of all these layers, ascending within each
 * @param weights of these experts
 * @param droppedCounts per routed layer, choices that found no room; empty if none was dropped
 * @param dropped experts of these choices
 */
public record TokenRouting(
    int[] counts, int[] experts, float[] weights, int[] droppedCounts, int[] dropped) {
  public TokenRouting {
    if (experts.length != weights.length) {
      throw new IllegalArgumentException(
          experts.length + " experts have " + weights.length + " weights");
    }
  }

  /** Choices in it, dropped ones included. */
  public int choices() {
    return experts.length + dropped.length;
  }
}
