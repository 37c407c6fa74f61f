package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * All products of one weight shape: one layout of the weights, one product per number of rows, and
 * the padding rule under which a row does not depend on its batch. Products are made when the shape
 * is: making one takes milliseconds, which no request should wait for.
 */
final class OneDnnShape {
  private static final int SEED = 20_261;

  private final int index;
  private final OneDnnProduct.Type type;
  private final int columns;
  private final int outputs;
  private final OneDnnProduct layout;
  private final @Nullable OneDnnProduct[] products = new OneDnnProduct[RowRule.MOST + 1];
  private final RowRule rule;

  /**
   * Makes and measures the products of a shape, for one thread each.
   *
   * @param index number of the shape among those of its kernels
   * @throws IllegalStateException if no padding rule makes rows independent
   */
  OneDnnShape(OneDnn library, int index, OneDnnProduct.Type type, int columns, int outputs) {
    this.index = index;
    this.type = type;
    this.columns = columns;
    this.outputs = outputs;
    library.useThreads(1);
    layout = OneDnnProduct.of(library, type, RowRule.TYPICAL, columns, outputs);
    products[RowRule.TYPICAL] = layout;
    rule = measureRule();
  }

  /** Number of the shape among those of its kernels. */
  int index() {
    return index;
  }

  OneDnnProduct.Type type() {
    return type;
  }

  int columns() {
    return columns;
  }

  int outputs() {
    return outputs;
  }

  RowRule rule() {
    return rule;
  }

  /** Bytes of packed weights, a multiple of a cache line. */
  long packedBytes() {
    return (layout.packedBytes() + 63) / 64 * 64;
  }

  /** Packs row-major weights into memory of {@link #packedBytes}. */
  void pack(MemorySegment plain, MemorySegment packed) {
    layout.pack(plain, packed);
  }

  /** The product of as many rows as the rule makes of a batch. */
  OneDnnProduct product(int rows) {
    OneDnnProduct product = products[rows];
    if (product == null) {
      throw new IllegalArgumentException("there is no product of " + rows + " rows");
    }
    return product;
  }

  /** The first rule under which each row of random inputs comes out as it does alone. */
  private RowRule measureRule() {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment plain = arena.allocate((long) outputs * columns * type.weightBytes(), 64);
      fill(random, plain);
      MemorySegment weights = arena.allocate(packedBytes(), 64);
      pack(plain, weights);
      MemorySegment input = arena.allocate((long) RowRule.MOST * columns * type.inputBytes(), 64);
      fill(random, input);
      MemorySegment output = arena.allocate((long) RowRule.MOST * outputs * Float.BYTES, 64);
      MemorySegment alone = arena.allocate((long) RowRule.MOST * outputs * Float.BYTES, 64);
      for (RowRule candidate : RowRule.CANDIDATES) {
        if (holds(candidate, input, weights, output, alone)) {
          return candidate;
        }
      }
    }
    throw new IllegalStateException(
        "oneDNN computes a row of a "
            + columns
            + " by "
            + outputs
            + " product of "
            + type
            + " differently from batch to batch, whatever the padding");
  }

  private boolean holds(
      RowRule candidate,
      MemorySegment input,
      MemorySegment weights,
      MemorySegment output,
      MemorySegment alone) {
    long inputBytes = (long) columns * type.inputBytes();
    long outputBytes = (long) outputs * Float.BYTES;
    int least = candidate.padded(1);
    try (Arena arena = Arena.ofShared();
        OneDnnProduct.Call single = made(least).newCall()) {
      MemorySegment padded = arena.allocate(least * inputBytes, 64);
      for (int row = 0; row < RowRule.MOST; row++) {
        MemorySegment.copy(input, row * inputBytes, padded, 0, inputBytes);
        single.run(padded.address(), weights.address(), output.address());
        MemorySegment.copy(output, 0, alone, row * outputBytes, outputBytes);
      }
    }
    for (int rows : candidate.sizes()) {
      try (OneDnnProduct.Call call = made(rows).newCall()) {
        call.run(input.address(), weights.address(), output.address());
      }
      long bytes = rows * outputBytes;
      if (output.asSlice(0, bytes).mismatch(alone.asSlice(0, bytes)) >= 0) {
        return false;
      }
    }
    return true;
  }

  private OneDnnProduct made(int rows) {
    OneDnnProduct product = products[rows];
    if (product == null) {
      product = layout.withRows(rows);
      products[rows] = product;
    }
    return product;
  }

  private void fill(Random random, MemorySegment values) {
    boolean wide = values.byteSize() % Float.BYTES == 0 && type == OneDnnProduct.Type.F32;
    long count = values.byteSize() / (wide ? Float.BYTES : Short.BYTES);
    for (long i = 0; i < count; i++) {
      float value = random.nextFloat() - 0.5f;
      if (wide) {
        values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      } else {
        values.setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.toBits(value));
      }
    }
  }
}
