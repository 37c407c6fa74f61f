package io.expertmesh.attention.core;

/**
 * The experts of one token in all routed layers, in ascending order of the layers.
 *
 * @param counts per routed layer, experts that computed the token
 * @param experts of all these layers, ascending within each
 * @param weights of these experts
 * @param droppedCounts per routed layer, choices that found no room
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
  /** Room that it takes in a buffer. */
  int weight() {
    return 1 + counts.length + experts.length + dropped.length;
  }
}
