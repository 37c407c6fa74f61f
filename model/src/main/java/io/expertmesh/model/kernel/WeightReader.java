package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/** Reads stacked matrices of equal K as one: row n of the stack is a row of one of them. */
final class WeightReader {
  static final ValueLayout.OfShort SHORT_LE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT_LE =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final List<WeightMatrix> matrices;
  private final int[] firstRows;
  private final int rows;
  private final int columns;
  private final boolean bf16;

  WeightReader(List<WeightMatrix> stacked) {
    if (stacked.isEmpty()) {
      throw new IllegalArgumentException("no matrix to pack");
    }
    matrices = List.copyOf(stacked);
    columns = matrices.getFirst().columns();
    firstRows = new int[matrices.size() + 1];
    boolean allBf16 = true;
    for (int i = 0; i < matrices.size(); i++) {
      WeightMatrix matrix = matrices.get(i);
      if (matrix.columns() != columns) {
        throw new IllegalArgumentException(
            "stacked matrices have " + columns + " and " + matrix.columns() + " columns");
      }
      firstRows[i + 1] = Math.addExact(firstRows[i], matrix.rows());
      allBf16 &= matrix.dtype() == DType.BF16;
    }
    rows = firstRows[matrices.size()];
    bf16 = allBf16;
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  /** True if every element is bf16. */
  boolean isBf16() {
    return bf16;
  }

  /**
   * Copies {@code count} elements of row {@code row} from column {@code column} into {@code out} as
   * fp32, exactly.
   */
  void read(int row, int column, int count, float[] out) {
    int index = matrixOf(row);
    WeightMatrix matrix = matrices.get(index);
    MemorySegment data = matrix.data();
    long stride = matrix.transposed() ? matrix.rows() : 1;
    long first = first(matrix, row - firstRows[index], column);
    switch (matrix.dtype()) {
      case F32 -> {
        for (int i = 0; i < count; i++) {
          out[i] = data.get(FLOAT_LE, (first + i * stride) * Float.BYTES);
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          out[i] = BFloat16.fromBits(data.get(SHORT_LE, (first + i * stride) * Short.BYTES));
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          out[i] = Float.float16ToFloat(data.get(SHORT_LE, (first + i * stride) * Short.BYTES));
        }
      }
    }
  }

  /** As {@link #read}, the bf16 bits themselves; only if {@link #isBf16()}. */
  void readBits(int row, int column, int count, short[] out) {
    int index = matrixOf(row);
    WeightMatrix matrix = matrices.get(index);
    MemorySegment data = matrix.data();
    long stride = matrix.transposed() ? matrix.rows() : 1;
    long first = first(matrix, row - firstRows[index], column);
    for (int i = 0; i < count; i++) {
      out[i] = data.get(SHORT_LE, (first + i * stride) * Short.BYTES);
    }
  }

  private static long first(WeightMatrix matrix, int row, int column) {
    return matrix.transposed()
        ? (long) column * matrix.rows() + row
        : (long) row * matrix.columns() + column;
  }

  private int matrixOf(int row) {
    int index = 0;
    while (row >= firstRows[index + 1]) {
      index++;
    }
    return index;
  }
}
