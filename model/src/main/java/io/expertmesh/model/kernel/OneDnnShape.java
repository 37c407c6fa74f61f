package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * All products of one weight shape: one layout of the weights, one product per number of rows, made
 * when it is first needed, and the padding rule under which a row does not depend on its batch.
 */
final class OneDnnShape {
  private static final int SEED = 20_261;

  /** Batches that a rule is tried on, beside every size up to 17. */
  private static final int[] LARGE = {24, 31, 32, 33, 48, 63, 64, 65, 100, 128, 129, 192, 256};

  private final OneDnnProduct.Type type;
  private final int columns;
  private final int outputs;
  private final OneDnnProduct layout;
  private final @Nullable OneDnnProduct[] products = new OneDnnProduct[RowRule.MOST + 1];
  private final RowRule rule;

  OneDnnShape(OneDnn library, OneDnnProduct.Type type, int columns, int outputs) {
    this.type = type;
    this.columns = columns;
    this.outputs = outputs;
    layout = OneDnnProduct.of(library, type, 16, columns, outputs);
    rule = measureRule();
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

  MemorySegment pack(MemorySegment plain, Arena arena) {
    return layout.pack(plain, arena);
  }

  OneDnnProduct product(int rows) {
    OneDnnProduct product = products[rows];
    if (product == null) {
      product = rows == layout.rows() ? layout : layout.withRows(rows);
      products[rows] = product;
    }
    return product;
  }

  /** The first rule under which each row of random inputs comes out as it does alone. */
  private RowRule measureRule() {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment plain = arena.allocate((long) outputs * columns * type.weightBytes(), 64);
      fill(random, plain);
      MemorySegment weights = pack(plain, arena);
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
    try (Arena arena = Arena.ofShared()) {
      int least = candidate.padded(1);
      MemorySegment padded = arena.allocate(least * inputBytes, 64);
      OneDnnProduct single = product(least);
      for (int row = 0; row < RowRule.MOST; row++) {
        MemorySegment.copy(input, row * inputBytes, padded, 0, inputBytes);
        single.run(padded, weights, output);
        MemorySegment.copy(output, 0, alone, row * outputBytes, outputBytes);
      }
    }
    for (int rows = 2; rows <= 17; rows++) {
      if (!equal(candidate.padded(rows), input, weights, output, alone)) {
        return false;
      }
    }
    for (int rows : LARGE) {
      if (!equal(candidate.padded(rows), input, weights, output, alone)) {
        return false;
      }
    }
    return true;
  }

  private boolean equal(
      int rows,
      MemorySegment input,
      MemorySegment weights,
      MemorySegment output,
      MemorySegment alone) {
    product(rows).run(input, weights, output);
    long bytes = (long) rows * outputs * Float.BYTES;
    return output.asSlice(0, bytes).mismatch(alone.asSlice(0, bytes)) < 0;
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
