package io.expertmesh.model.core;

import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Reads tensors of plain numbers: in place where rows lie together, else as a copy. */
final class PlainTensors {
  private PlainTensors() {}

  static WeightMatrix matrix(StoredTensor tensor, TensorRef ref, Arena arena) {
    TensorPart part = TensorPart.of(tensor, ref, 1);
    DType dtype = tensor.kernelType();
    int outputs = ref.transposed() ? part.columns() : part.rows();
    boolean whole = ref.rowStep() == 1 && ref.rows() == outputs;
    MemorySegment data;
    if (ref.transposed()) {
      data = whole ? part.data() : everyColumn(part, ref, dtype.bytes(), arena);
    } else {
      data = ref.rowStep() == 1 ? run(part, ref, dtype.bytes()) : rows(part, ref, dtype, arena);
    }
    return new WeightMatrix(dtype, ref.rows(), ref.columns(), ref.transposed(), data);
  }

  /** Neighbouring rows, in place. */
  private static MemorySegment run(TensorPart part, TensorRef ref, int elementBytes) {
    long rowBytes = (long) part.columns() * elementBytes;
    return part.data().asSlice(ref.rowFrom() * rowBytes, ref.rows() * rowBytes);
  }

  /** Rows that lie apart, copied together. */
  private static MemorySegment rows(TensorPart part, TensorRef ref, DType dtype, Arena arena) {
    long rowBytes = (long) part.columns() * dtype.bytes();
    MemorySegment copy = arena.allocate(ref.rows() * rowBytes, Long.BYTES);
    for (int r = 0; r < ref.rows(); r++) {
      long from = (ref.rowFrom() + (long) r * ref.rowStep()) * rowBytes;
      MemorySegment.copy(part.data(), from, copy, r * rowBytes, rowBytes);
    }
    return copy;
  }

  /** Some columns of an input-major matrix; the copy is input-major too. */
  private static MemorySegment everyColumn(
      TensorPart part, TensorRef ref, int elementBytes, Arena arena) {
    MemorySegment copy = arena.allocate((long) part.rows() * ref.rows() * elementBytes, Long.BYTES);
    for (int line = 0; line < part.rows(); line++) {
      long from = (long) line * part.columns() + ref.rowFrom();
      long to = (long) line * ref.rows();
      if (elementBytes == Short.BYTES) {
        shorts(part.data(), from, ref.rowStep(), copy, to, ref.rows());
      } else {
        ints(part.data(), from, ref.rowStep(), copy, to, ref.rows());
      }
    }
    return copy;
  }

  private static void shorts(
      MemorySegment from, long at, int step, MemorySegment to, long first, int count) {
    for (int i = 0; i < count; i++) {
      short bits = from.get(ValueLayout.JAVA_SHORT_UNALIGNED, (at + (long) i * step) * Short.BYTES);
      to.setAtIndex(ValueLayout.JAVA_SHORT, first + i, bits);
    }
  }

  private static void ints(
      MemorySegment from, long at, int step, MemorySegment to, long first, int count) {
    for (int i = 0; i < count; i++) {
      int bits = from.get(ValueLayout.JAVA_INT_UNALIGNED, (at + (long) i * step) * Integer.BYTES);
      to.setAtIndex(ValueLayout.JAVA_INT, first + i, bits);
    }
  }

  /** A vector, widened to fp32: values of a slice, or of a tensor that is taken as one row. */
  static float[] vector(StoredTensor tensor, TensorRef ref) {
    List<Long> shape = tensor.entry().shape();
    boolean sliced = ref.slice() >= 0;
    boolean fits = !sliced || (shape.size() == 2 && ref.slice() < shape.getFirst());
    long length = sliced && fits ? shape.getLast() : tensor.entry().elements();
    if (!fits || ref.columns() != 1 || ref.transposed() || !TensorPart.holds(length, ref)) {
      throw TensorPart.outside(tensor, ref);
    }
    int bytes = tensor.kernelType().bytes();
    long first = Math.max(ref.slice(), 0) * length + ref.rowFrom();
    long run = (ref.rows() - 1L) * ref.rowStep() + 1;
    TensorEntry part =
        new TensorEntry(ref.tensor(), tensor.entry().type(), List.of(run), 0, run * bytes);
    MemorySegment data = tensor.data(new Range(first * bytes, (first + run) * bytes));
    float[] values = TensorValues.floats(tensor.path(), part, data);
    if (ref.rowStep() == 1) {
      return values;
    }
    float[] apart = new float[ref.rows()];
    for (int i = 0; i < apart.length; i++) {
      apart[i] = values[i * ref.rowStep()];
    }
    return apart;
  }
}
