package io.expertmesh.model.core;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The slice of a tensor that a reference points into, after a check that it holds the reference's
 * rows.
 *
 * @param rows rows of the slice
 * @param columns columns of the slice
 * @param data bytes of the slice, row-major, a whole number for every row
 */
record TensorPart(int rows, int columns, MemorySegment data) {
  /**
   * The part of a tensor whose last {@code shape} dimensions are one slice.
   *
   * @param innermost further dimensions that every element has, such as the bytes of a block
   */
  static TensorPart of(StoredTensor tensor, TensorRef ref, int perColumn, int... innermost) {
    List<Long> shape = tensor.entry().shape();
    boolean sliced = ref.slice() >= 0;
    int outer = sliced ? 1 : 0;
    boolean fits = shape.size() == outer + 2 + innermost.length;
    for (int i = 0; fits && i < innermost.length; i++) {
      fits = shape.get(outer + 2 + i) == innermost[i];
    }
    if (!fits || (sliced && ref.slice() >= shape.getFirst())) {
      throw outside(tensor, ref);
    }
    long rows = shape.get(outer);
    long columns = shape.get(outer + 1) * perColumn;
    long outputs = ref.transposed() ? columns : rows;
    long inputs = ref.transposed() ? rows : columns;
    if (ref.columns() != inputs || !holds(outputs, ref) || rows > Integer.MAX_VALUE) {
      throw outside(tensor, ref);
    }
    MemorySegment data = tensor.data(tensor.slice(ref.slice()));
    return new TensorPart((int) rows, (int) columns, data);
  }

  /** True if a dimension of this length has all rows of the reference. */
  static boolean holds(long length, TensorRef ref) {
    return ref.rowFrom() >= 0
        && ref.rowStep() > 0
        && ref.rows() > 0
        && ref.rowFrom() + (ref.rows() - 1L) * ref.rowStep() < length;
  }

  static CheckpointException outside(StoredTensor tensor, TensorRef ref) {
    return new CheckpointException(
        tensor.path(),
        ref.tensor(),
        "of shape "
            + tensor.entry().shape()
            + " does not hold slice "
            + ref.slice()
            + ", "
            + ref.rows()
            + " rows of "
            + ref.columns()
            + " from row "
            + ref.rowFrom());
  }
}
