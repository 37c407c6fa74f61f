package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A weight matrix as it lies in a checkpoint: {@code rows} outputs by {@code columns} inputs, so
 * that {@code y = x · Wᵀ}.
 *
 * @param dtype element type on disk
 * @param rows output features
 * @param columns input features
 * @param transposed false: stored row-major as {@code [rows, columns]}; true: stored as {@code
 *     [columns, rows]} (input-major)
 * @param data little-endian elements, possibly unaligned; not owned, valid as long as the
 *     checkpoint is open
 */
public record WeightMatrix(
    DType dtype, int rows, int columns, boolean transposed, MemorySegment data) {
  public WeightMatrix {
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(data, "data");
    if (rows <= 0 || columns <= 0) {
      throw new IllegalArgumentException("weight matrix of " + rows + " × " + columns);
    }
    long bytes = (long) rows * columns * dtype.bytes();
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "weight matrix of "
              + rows
              + " × "
              + columns
              + " "
              + dtype
              + " needs "
              + bytes
              + " bytes, has "
              + data.byteSize());
    }
  }
}
