package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Matrix products by oneDNN, everything else on the Vector API. Products with bf16 activations and
 * bf16 weights run in bf16 with fp32 sums, all others in fp32. The threads of the pool compute
 * slices of a matrix side by side; the library itself runs on the thread that calls it.
 */
public final class OneDnnKernels extends VectorRowKernels {
  /** A small product that stands for all when a process asks whether oneDNN can be trusted. */
  private static final int TRIAL_COLUMNS = 96;

  private static final int TRIAL_OUTPUTS = 80;

  /**
   * Bytes of weights in a slice: with fewer a call of the library is not worth while, with more few
   * slices are left for the threads.
   */
  private static final int SLICE_BYTES = 1 << 20;

  private final OneDnn library;
  private final ReentrantLock packing = new ReentrantLock();
  private final List<OneDnnShape> shapes = new ArrayList<>();
  private final Spares<OneDnnLane> lanes = new Spares<>(OneDnnLane::new);
  private final Spares<OneDnnRun> runs = new Spares<>(() -> new OneDnnRun(lanes));

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
    int width = OneDnnSlice.width(reader.rows(), reader.columns(), type.weightBytes(), SLICE_BYTES);
    int count = (reader.rows() + width - 1) / width;
    OneDnnShape[] shapesOf = new OneDnnShape[count];
    OneDnnSlice[] slices = new OneDnnSlice[count];
    packing.lock();
    try (Arena scratch = Arena.ofShared()) {
      library.useThreads(1);
      long bytes = 0;
      for (int i = 0; i < count; i++) {
        int outputs = Math.min(width, reader.rows() - i * width);
        shapesOf[i] = shape(type, reader.columns(), outputs);
        bytes += shapesOf[i].packedBytes();
      }
      MemorySegment packed = WeightMemory.allocate(bytes, arena);
      MemorySegment plain =
          scratch.allocate((long) width * reader.columns() * type.weightBytes(), 64);
      long at = 0;
      for (int i = 0; i < count; i++) {
        copy(reader, i * width, shapesOf[i].outputs(), type, plain);
        MemorySegment data = packed.asSlice(at, shapesOf[i].packedBytes());
        shapesOf[i].pack(plain, data);
        slices[i] = new OneDnnSlice(i * width, shapesOf[i], data);
        at += data.byteSize();
      }
    } finally {
      packing.unlock();
    }
    return new OneDnnMatrix(reader.rows(), reader.columns(), activations, slices);
  }

  private static OneDnnProduct.Type type(DType activations, boolean bf16Weights) {
    return activations == DType.BF16 && bf16Weights
        ? OneDnnProduct.Type.BF16
        : OneDnnProduct.Type.F32;
  }

  private static void copy(
      WeightReader reader, int first, int count, OneDnnProduct.Type type, MemorySegment plain) {
    int columns = reader.columns();
    float[] floats = new float[columns];
    short[] bits = new short[columns];
    for (int row = 0; row < count; row++) {
      long at = (long) row * columns * type.weightBytes();
      if (type == OneDnnProduct.Type.BF16) {
        reader.readBits(first + row, 0, columns, bits);
        MemorySegment.copy(bits, 0, plain, ValueLayout.JAVA_SHORT, at, columns);
      } else {
        reader.read(first + row, 0, columns, floats);
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
    OneDnnShape shape = new OneDnnShape(library, shapes.size(), type, columns, outputs);
    shapes.add(shape);
    return shape;
  }

  @Override
  public void matmul(
      PackedMatrix w, float[] x, int xOffset, int rows, float[] y, int yOffset, ComputePool pool) {
    Arguments.matmul(w, x, xOffset, rows, y, yOffset);
    if (rows == 0) {
      return;
    }
    OneDnnRun run = runs.take();
    try {
      run.run((OneDnnMatrix) w, x, xOffset, rows, y, yOffset, pool);
    } finally {
      runs.give(run);
    }
  }
}
