package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Matrix products by oneDNN, everything else by {@link VectorKernels}. Products with bf16
 * activations and bf16 weights run in bf16 with fp32 sums, all others in fp32. The threads of a
 * product are OpenMP's, as many as the pool has; one product runs at a time.
 */
public final class OneDnnKernels implements Kernels {
  private static final VectorKernels VECTOR = new VectorKernels();

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
      VECTOR.roundToBf16(rounded, 0, values);
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

  @Override
  public void rmsNorm(
      float[] x, int xOffset, float[] weight, float eps, float[] y, int yOffset, int n) {
    VECTOR.rmsNorm(x, xOffset, weight, eps, y, yOffset, n);
  }

  @Override
  public void gated(
      Nonlinearity f, float[] gateUp, int offset, float[] out, int outOffset, int inner) {
    VECTOR.gated(f, gateUp, offset, out, outOffset, inner);
  }

  @Override
  public void activate(Nonlinearity f, float[] x, int offset, float[] out, int outOffset, int n) {
    VECTOR.activate(f, x, offset, out, outOffset, n);
  }

  @Override
  public void clampedSwiGlu(
      float[] gateUp, int offset, float alpha, float limit, float[] out, int outOffset, int inner) {
    VECTOR.clampedSwiGlu(gateUp, offset, alpha, limit, out, outOffset, inner);
  }

  @Override
  public void add(float[] a, int aOffset, float[] b, int bOffset, int n) {
    VECTOR.add(a, aOffset, b, bOffset, n);
  }

  @Override
  public void addScaled(float[] acc, int accOffset, float scale, float[] x, int xOffset, int n) {
    VECTOR.addScaled(acc, accOffset, scale, x, xOffset, n);
  }

  @Override
  public void roundToBf16(float[] x, int offset, int n) {
    VECTOR.roundToBf16(x, offset, n);
  }

  @Override
  public void rope(float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half) {
    VECTOR.rope(x, offset, cos, sin, tableOffset, half);
  }

  @Override
  public void softmax(float[] x, int offset, int n) {
    VECTOR.softmax(x, offset, n);
  }

  @Override
  public double logSumExp(float[] x, int offset, int n) {
    return VECTOR.logSumExp(x, offset, n);
  }

  @Override
  public boolean allFinite(float[] x, int offset, int n) {
    return VECTOR.allFinite(x, offset, n);
  }

  @Override
  public void storeKv(
      MemorySegment layer,
      KvLayout layout,
      int page,
      int slot,
      float[] keys,
      int kOffset,
      float[] values,
      int vOffset) {
    VECTOR.storeKv(layer, layout, page, slot, keys, kOffset, values, vOffset);
  }

  @Override
  public void attend(
      MemorySegment layer,
      KvLayout layout,
      int[] pages,
      int firstKey,
      int keys,
      float[] q,
      int qOffset,
      int queryHeads,
      ScoreRule rule,
      float[] out,
      int outOffset,
      float[] scratch) {
    VECTOR.attend(
        layer,
        layout,
        pages,
        firstKey,
        keys,
        q,
        qOffset,
        queryHeads,
        rule,
        out,
        outOffset,
        scratch);
  }

  @Override
  public void layerNorm(
      float[] x,
      int xOffset,
      float[] weight,
      float[] bias,
      float eps,
      float[] y,
      int yOffset,
      int n) {
    VECTOR.layerNorm(x, xOffset, weight, bias, eps, y, yOffset, n);
  }

  @Override
  public void scale(float[] x, int offset, int n, float factor) {
    VECTOR.scale(x, offset, n, factor);
  }

  @Override
  public void clamp(float[] x, int offset, int n, float limit) {
    VECTOR.clamp(x, offset, n, limit);
  }

  @Override
  public void sigmoid(float[] x, int offset, int n) {
    VECTOR.sigmoid(x, offset, n);
  }

  @Override
  public void softCap(float[] x, int offset, int n, float cap) {
    VECTOR.softCap(x, offset, n, cap);
  }

  @Override
  public void ropeInterleaved(
      float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half) {
    VECTOR.ropeInterleaved(x, offset, cos, sin, tableOffset, half);
  }

  @Override
  public void storeLatent(
      MemorySegment memory, LatentLayout layout, int page, int slot, float[] row, int offset) {
    VECTOR.storeLatent(memory, layout, page, slot, row, offset);
  }

  @Override
  public void attendLatent(
      MemorySegment memory,
      LatentLayout layout,
      int[] pages,
      int keys,
      float[] q,
      int qOffset,
      int queryHeads,
      float scale,
      float[] out,
      int outOffset,
      float[] scratch) {
    VECTOR.attendLatent(
        memory, layout, pages, keys, q, qOffset, queryHeads, scale, out, outOffset, scratch);
  }

  @Override
  public void topK(float[] x, int offset, int n, int k, int[] indices, int indicesOffset) {
    VECTOR.topK(x, offset, n, k, indices, indicesOffset);
  }
}
