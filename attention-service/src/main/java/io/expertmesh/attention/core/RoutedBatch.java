package io.expertmesh.attention.core;

import java.util.Objects;

/**
 * Rows that want one routed block.
 *
 * @param layer index of the layer in the model
 * @param rows {@code rowCount × hiddenSize} floats from index 0; the array may be longer. Already
 *     rounded to the type that travels
 * @param rowCount rows in the batch, at least 1
 * @param tokenIds input token of each row, {@code rowCount} values from index 0
 * @param groups one number per row; rows of one request share it
 * @param choices most experts that a row of this layer can be assigned, if the batch wants to know
 *     them; 0 if it does not
 * @param deadlineNanos time after which the result is of no use, on the engine's clock ({@link
 *     System#nanoTime()} outside simulations)
 */
public record RoutedBatch(
    int layer,
    float[] rows,
    int rowCount,
    int[] tokenIds,
    int[] groups,
    int choices,
    long deadlineNanos) {
  public RoutedBatch {
    Objects.requireNonNull(rows, "rows");
    Objects.requireNonNull(tokenIds, "tokenIds");
    Objects.requireNonNull(groups, "groups");
    if (rowCount <= 0 || tokenIds.length < rowCount || groups.length < rowCount) {
      throw new IllegalArgumentException("routed batch of " + rowCount + " rows");
    }
  }

  /** A batch that does not want to know its assignments. */
  public RoutedBatch(
      int layer, float[] rows, int rowCount, int[] tokenIds, int[] groups, long deadlineNanos) {
    this(layer, rows, rowCount, tokenIds, groups, 0, deadlineNanos);
  }
}
