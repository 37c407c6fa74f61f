package io.expertmesh.attention.core;

import java.util.Arrays;
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
 * @param promptRows for each row, rows of its request's prompt that are in the batch, all together
 *     and before the request's other rows; 0 if its request has only generated rows in it. Empty if
 *     no gating policy of the model assigns a prompt's rows together
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
    int[] promptRows,
    int choices,
    long deadlineNanos) {
  public RoutedBatch {
    Objects.requireNonNull(rows, "rows");
    Objects.requireNonNull(tokenIds, "tokenIds");
    Objects.requireNonNull(groups, "groups");
    Objects.requireNonNull(promptRows, "promptRows");
    if (rowCount <= 0
        || tokenIds.length < rowCount
        || groups.length < rowCount
        || (promptRows.length > 0 && promptRows.length < rowCount)) {
      throw new IllegalArgumentException("routed batch of " + rowCount + " rows");
    }
  }

  /** A batch whose prompts may be taken apart, and that does not want to know its assignments. */
  public RoutedBatch(
      int layer, float[] rows, int rowCount, int[] tokenIds, int[] groups, long deadlineNanos) {
    this(layer, rows, rowCount, tokenIds, groups, new int[0], 0, deadlineNanos);
  }

  /** True if the rows of prompts stay together. */
  public boolean wholePrompts() {
    return promptRows.length > 0;
  }

  /**
   * For each run of rows of one request in {@code [first, end)}, rows of its prompt; none if
   * prompts may be taken apart.
   */
  public int[] groupLengths(int first, int end) {
    int[] lengths = new int[wholePrompts() ? end - first : 0];
    int runs = 0;
    for (int row = first; row < first + lengths.length; row++) {
      if (row == first || groups[row] != groups[row - 1]) {
        lengths[runs++] = promptRows[row];
      }
    }
    return Arrays.copyOf(lengths, runs);
  }

  /**
   * Where a part that begins at a row ends: after as many rows as it may have, or before the
   * request whose prompt would be torn.
   *
   * @param most rows of a part; no less than those of any request with a prompt in the batch
   */
  public int partEnd(int first, int most) {
    int end = Math.min(rowCount, first + most);
    if (end == rowCount || !wholePrompts() || promptRows[end] == 0) {
      return end;
    }
    int cut = end;
    while (cut > first && groups[cut - 1] == groups[end]) {
      cut--;
    }
    if (cut == first) {
      throw new IllegalArgumentException(
          "the prompt of " + promptRows[end] + " rows does not fit into parts of " + most);
    }
    return cut;
  }
}
