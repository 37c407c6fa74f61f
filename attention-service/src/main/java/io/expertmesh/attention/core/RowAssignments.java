package io.expertmesh.attention.core;

import java.util.Objects;

/**
 * Which experts computed the rows of a batch, with what weight, and which choices were dropped
 * because an expert had no room.
 *
 * @param starts first pair of each row; one more value than there are rows, the last is the number
 *     of pairs
 * @param experts of each pair, ascending within a row
 * @param weights of each pair
 * @param droppedStarts as {@code starts}, for dropped choices
 * @param dropped experts of the dropped choices
 * @param droppedWeights what these would have had if nothing had been dropped
 */
public record RowAssignments(
    int[] starts,
    int[] experts,
    float[] weights,
    int[] droppedStarts,
    int[] dropped,
    float[] droppedWeights) {
  public RowAssignments {
    Objects.requireNonNull(starts, "starts");
    Objects.requireNonNull(droppedStarts, "droppedStarts");
    if (starts.length != droppedStarts.length
        || experts.length != weights.length
        || dropped.length != droppedWeights.length
        || starts[starts.length - 1] != experts.length
        || droppedStarts[droppedStarts.length - 1] != dropped.length) {
      throw new IllegalArgumentException("assignments contradict each other");
    }
  }
}
