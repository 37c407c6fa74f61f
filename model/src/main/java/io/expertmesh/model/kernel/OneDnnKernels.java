package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Matrix products by oneDNN, everything else on the Vector API. Products with bf16 activations and
 * bf16 weights run in bf16 with fp32 sums, all others in fp32. The threads of a product are
 * OpenMP's, as many as the pool has; one product runs at a time.
 */
public final class OneDnnKernels extends VectorRowKernels {
  /** A small product that stands for all when a process asks whether oneDNN can be trusted. */
  private static final int TRIAL_COLUMNS = 320;

  private static final int TRIAL_OUTPUTS = 192;

  private final OneDnn library;
  private final ReentrantLock oneProduct = new ReentrantLock();
  private final List<OneDnnShape> shapes = new ArrayList<>();
  private MemorySegment input = MemorySegment.NULL;
  private MemorySegment output = MemorySegment.NULL;
  private float[] rounded = {};

  private OneDnnKernels(OneDnn library) {
    this.library = library;
  }

  /**
   * Kernels on the oneDNN library, after a trial product has shown that rows do not depend on their
   * batch.
   *
   * @param activations type that inputs are rounded to
   * @throws IllegalStateException if the library cannot be loaded, lacks a product or fails the
   *     trial; the message is one sentence
   */
  public static OneDnnKernels start(DType activations) {
    OneDnnKernels kernels = new OneDnnKernels(OneDnn.load());
    kernels.shape(type(activations, activations == DType.BF16), TRIAL_COLUMNS, TRIAL_OUTPUTS);
    return kernels;
  }

  @Override
  public String provider() {
    return "onednn";
  }

  @Override
  public NumericsClass numericsClass(DType activations) {
    Arguments.activations(activations);
    return new NumericsClass("onednn-" + library.version(), library.isa(), activations);
  }

  @Override
  public PackedMatrix pack(WeightMatrix weights, DType activations, Arena arena) {
    return packStacked(List.of(weights), activations, arena);
  }

  @Override
  public PackedMatrix packStacked(List<WeightMatrix> weights, DType activations, Arena arena) {
    Arguments.activations(activations);
    WeightReader reader = new WeightReader(weights);
    OneDnnProduct.Type type = type(activations, reader.isBf16());
    oneProduct.lock();
    try (Arena scratch = Arena.ofShared()) {
      OneDnnShape shape = shape(type, reader.columns(), reader.rows());
      long elements = (long) reader.rows() * reader.columns();
      MemorySegment plain = scratch.allocate(elements * type.weightBytes(), 64);
      copy(reader, type, plain);
      return new OneDnnMatrix(shape, activations, shape.pack(plain, arena));
    } finally {
      oneProduct.unlock();
    }
  }

  private static OneDnnProduct.Type type(DType activations, boolean bf16Weights) {
    return activations == DType.BF16 && bf16Weights
        ? OneDnnProduct.Type.BF16
        : OneDnnProduct.Type.F32;
  }

  private static void copy(WeightReader reader, OneDnnProduct.Type type, MemorySegment plain) {
    int columns = reader.columns();
    float[] floats = new float[columns];
    short[] bits = new short[columns];
    for (int row = 0; row < reader.rows(); row++) {
      long at = (long) row * columns * type.weightBytes();
      if (type == OneDnnProduct.Type.BF16) {
        reader.readBits(row, 0, columns, bits);
        MemorySegment.copy(bits, 0, plain, ValueLayout.JAVA_SHORT, at, columns);
      } else {
        reader.read(row, 0, columns, floats);
        MemorySegment.copy(floats, 0, plain, ValueLayout.JAVA_FLOAT, at, columns);
      }
    }
  }

  /** The products of a shape; one that is new is measured first. */
  private OneDnnShape shape(OneDnnProduct.Type type, int columns, int outputs) {
    for (OneDnnShape shape : shapes) {
      if (shape.type() == type && shape.columns() == columns && shape.outputs() == outputs) {
        return shape;
      }
    }
    OneDnnShape shape = new OneDnnShape(library, type, columns, outputs);
    shapes.add(shape);
    return shape;
  }

  @Override
  public void matmul(
      PackedMatrix w, float[] x, int xOffset, int rows, float[] y, int yOffset, ComputePool pool) {
    Arguments.matmul(w, x, xOffset, rows, y, yOffset);
    OneDnnMatrix matrix = (OneDnnMatrix) w;
    oneProduct.lock();
    try {
      library.useThreads(pool.threads());
      for (int row = 0; row < rows; row += RowRule.MOST) {
        int count = Math.min(RowRule.MOST, rows - row);
        multiply(matrix, x, xOffset + row * w.columns(), count, y, yOffset + row * w.rows());
      }
    } finally {
      oneProduct.unlock();
    }
  }

  private void multiply(OneDnnMatrix w, float[] x, int xOffset, int rows, float[] y, int yOffset) {
    int columns = w.columns();
    int padded = w.shape().rule().padded(rows);
    int values = rows * columns;
    int inputBytes = w.shape().type().inputBytes();
    input = grown(input, (long) padded * columns * inputBytes);
    output = grown(output, (long) padded * w.rows() * Float.BYTES);
    if (w.shape().type() == OneDnnProduct.Type.BF16) {
      VectorRows.toBf16(x, xOffset, input, values);
    } else if (w.activations() == DType.BF16) {
      if (rounded.length < values) {
        rounded = new float[values];
      }
      System.arraycopy(x, xOffset, rounded, 0, values);
      roundToBf16(rounded, 0, values);
      MemorySegment.copy(rounded, 0, input, ValueLayout.JAVA_FLOAT, 0, values);
    } else {
      MemorySegment.copy(x, xOffset, input, ValueLayout.JAVA_FLOAT, 0, values);
    }
    long used = (long) values * inputBytes;
    input.asSlice(used, (long) padded * columns * inputBytes - used).fill((byte) 0);
    w.shape().product(padded).run(input, w.data(), output);
    MemorySegment.copy(output, ValueLayout.JAVA_FLOAT, 0, y, yOffset, rows * w.rows());
  }

  private static MemorySegment grown(MemorySegment memory, long bytes) {
    return memory.byteSize() >= bytes ? memory : Arena.ofAuto().allocate(bytes, 64);
  }
}
