package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * One product at a time of the oneDNN provider. Its inputs are converted once; then the threads of
 * the pool take slices of outputs, each as a product of the library on that thread alone. So the
 * number of threads cannot change a result, and no threads of the library compete with the pool's.
 */
final class OneDnnRun {
  /** Inputs that are worth being converted by more than one thread. */
  private static final int MANY = 1 << 17;

  private static final float[] NOTHING = {};

  private final Spares<OneDnnLane> lanes;
  private final ComputePool.Part conversion = this::convert;
  private final ComputePool.Part product = this::multiply;
  private MemorySegment input = MemorySegment.NULL;
  private float[] rounded = NOTHING;

  // of the running product
  private @Nullable OneDnnMatrix matrix;
  private float[] x = NOTHING;
  private int xOffset;
  private int rows;
  private float[] y = NOTHING;
  private int yOffset;
  private int conversions;
  private int chunks;

  OneDnnRun(Spares<OneDnnLane> lanes) {
    this.lanes = lanes;
  }

  void run(
      OneDnnMatrix w,
      float[] from,
      int fromOffset,
      int count,
      float[] to,
      int toOffset,
      ComputePool pool) {
    matrix = w;
    x = from;
    xOffset = fromOffset;
    rows = count;
    y = to;
    yOffset = toOffset;
    chunks = (count + RowRule.MOST - 1) / RowRule.MOST;
    prepareInput(w);
    conversions = count * w.columns() < MANY ? 1 : Math.min(count, pool.threads());
    if (conversions == 1) {
      convert(0);
    } else {
      pool.run(conversions, conversion);
    }
    pool.run(w.slices().length * chunks, product);
    matrix = null;
    x = NOTHING;
    y = NOTHING;
  }

  /** Makes room for the rows and fills those up that only belong to the product. */
  private void prepareInput(OneDnnMatrix w) {
    int full = (chunks - 1) * RowRule.MOST;
    int padded = full + w.computed(rows - full);
    long rowBytes = (long) w.columns() * w.type().inputBytes();
    input = OneDnnLane.grown(input, padded * rowBytes);
    if (padded > rows) {
      input.asSlice(rows * rowBytes, (padded - rows) * rowBytes).fill((byte) 0);
    }
    if (w.type() == OneDnnProduct.Type.F32 && w.activations() == DType.BF16) {
      int values = rows * w.columns();
      rounded = rounded.length < values ? new float[values] : rounded;
    }
  }

  private void convert(int part) {
    OneDnnMatrix w = matrix();
    int first = (int) ((long) rows * part / conversions);
    int end = (int) ((long) rows * (part + 1) / conversions);
    int at = first * w.columns();
    int values = (end - first) * w.columns();
    long to = (long) at * w.type().inputBytes();
    if (w.type() == OneDnnProduct.Type.BF16) {
      VectorRows.toBf16(x, xOffset + at, input, to, values);
    } else if (w.activations() == DType.BF16) {
      System.arraycopy(x, xOffset + at, rounded, at, values);
      VectorRows.roundToBf16(rounded, at, values);
      MemorySegment.copy(rounded, at, input, ValueLayout.JAVA_FLOAT, to, values);
    } else {
      MemorySegment.copy(x, xOffset + at, input, ValueLayout.JAVA_FLOAT, to, values);
    }
  }

  private void multiply(int part) {
    OneDnnSlice slice = matrix().slices()[part / chunks];
    int first = part % chunks * RowRule.MOST;
    int end = Math.min(rows, first + RowRule.MOST);
    int rest = first + RowRule.whole(end - first);
    OneDnnLane lane = lanes.take();
    try {
      if (rest > first) {
        multiply(lane, slice, first, rest, rest - first);
      }
      if (end > rest) {
        multiply(lane, slice, rest, end, slice.shape().rule().padded(end - rest));
      }
    } finally {
      lanes.give(lane);
    }
  }

  private void multiply(OneDnnLane lane, OneDnnSlice slice, int from, int to, int computed) {
    OneDnnMatrix w = matrix();
    long at = (long) from * w.columns() * w.type().inputBytes();
    int yAt = yOffset + from * w.rows() + slice.first();
    lane.multiply(slice, input, at, to - from, computed, y, yAt, w.rows());
  }

  private OneDnnMatrix matrix() {
    OneDnnMatrix w = matrix;
    if (w == null) {
      throw new IllegalStateException("no product is running");
    }
    return w;
  }
}
