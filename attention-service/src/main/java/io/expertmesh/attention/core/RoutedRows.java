package io.expertmesh.attention.core;

import java.util.BitSet;
import java.util.Objects;
import java.util.Optional;

/**
 * What came back from a routed block.
 *
 * @param rows combined expert rows, {@code rowCount × hiddenSize} from index 0, in the order of the
 *     batch; the array may be longer. The receiver may change it; the giver may use it again once
 *     the next call of the same engine is awaited
 * @param unavailable rows without a result because an expert has no replica now; their floats mean
 *     nothing
 * @param nonFinite rows whose router logits were not finite; their floats mean nothing
 * @param detail which expert was missing, for people; empty if none was
 * @param assignments of every row, if the batch wanted to know them
 */
public record RoutedRows(
    float[] rows,
    BitSet unavailable,
    BitSet nonFinite,
    String detail,
    Optional<RowAssignments> assignments) {
  public RoutedRows {
    Objects.requireNonNull(rows, "rows");
    Objects.requireNonNull(unavailable, "unavailable");
    Objects.requireNonNull(nonFinite, "nonFinite");
    Objects.requireNonNull(detail, "detail");
    Objects.requireNonNull(assignments, "assignments");
  }

  /** A result without assignments. */
  public RoutedRows(float[] rows, BitSet unavailable, BitSet nonFinite, String detail) {
    this(rows, unavailable, nonFinite, detail, Optional.empty());
  }

  /** A result in which every row is complete. */
  public static RoutedRows complete(float[] rows) {
    return new RoutedRows(rows, new BitSet(), new BitSet(), "");
  }
}
