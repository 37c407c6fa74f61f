package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Micro-kernels for products with no more outputs than a vector has lanes, as the gate of a few
 * experts has. They read only the first vector of the panel, and the inputs where they lie: to
 * interleave these would cost as much as the product.
 *
 * <p>Each takes {@value #ROWS} rows from {@code row}; beyond {@code last} it computes that one
 * again.
 */
final class NarrowTiles {
  /** Rows of a tile. */
  static final int ROWS = 8;

  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int BYTES = Lanes.COUNT * Float.BYTES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private NarrowTiles() {}

  /** Against an fp32 panel. */
  static void f32(
      MemorySegment w,
      int depth,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      int outputs,
      int row,
      int last) {
    int x0 = xOffset + row * depth;
    int x1 = xOffset + Math.min(row + 1, last) * depth;
    int x2 = xOffset + Math.min(row + 2, last) * depth;
    int x3 = xOffset + Math.min(row + 3, last) * depth;
    int x4 = xOffset + Math.min(row + 4, last) * depth;
    int x5 = xOffset + Math.min(row + 5, last) * depth;
    int x6 = xOffset + Math.min(row + 6, last) * depth;
    int x7 = xOffset + Math.min(row + 7, last) * depth;
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector a4 = FloatVector.zero(F);
    FloatVector a5 = FloatVector.zero(F);
    FloatVector a6 = FloatVector.zero(F);
    FloatVector a7 = FloatVector.zero(F);
    for (int k = 0; k < depth; k++) {
      FloatVector weights = FloatVector.fromMemorySegment(F, w, (long) k * 4 * BYTES, ORDER);
      a0 = FloatVector.broadcast(F, x[x0 + k]).fma(weights, a0);
      a1 = FloatVector.broadcast(F, x[x1 + k]).fma(weights, a1);
      a2 = FloatVector.broadcast(F, x[x2 + k]).fma(weights, a2);
      a3 = FloatVector.broadcast(F, x[x3 + k]).fma(weights, a3);
      a4 = FloatVector.broadcast(F, x[x4 + k]).fma(weights, a4);
      a5 = FloatVector.broadcast(F, x[x5 + k]).fma(weights, a5);
      a6 = FloatVector.broadcast(F, x[x6 + k]).fma(weights, a6);
      a7 = FloatVector.broadcast(F, x[x7 + k]).fma(weights, a7);
    }
    VectorMask<Float> mask = F.indexInRange(0, outputs);
    a7.intoArray(y, yOffset + Math.min(row + 7, last) * outputs, mask);
    a6.intoArray(y, yOffset + Math.min(row + 6, last) * outputs, mask);
    a5.intoArray(y, yOffset + Math.min(row + 5, last) * outputs, mask);
    a4.intoArray(y, yOffset + Math.min(row + 4, last) * outputs, mask);
    a3.intoArray(y, yOffset + Math.min(row + 3, last) * outputs, mask);
    a2.intoArray(y, yOffset + Math.min(row + 2, last) * outputs, mask);
    a1.intoArray(y, yOffset + Math.min(row + 1, last) * outputs, mask);
    a0.intoArray(y, yOffset + row * outputs, mask);
  }

  /** Against a bf16 panel. */
  static void bf16(
      MemorySegment w,
      int depth,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      int outputs,
      int row,
      int last) {
    int x0 = xOffset + row * depth;
    int x1 = xOffset + Math.min(row + 1, last) * depth;
    int x2 = xOffset + Math.min(row + 2, last) * depth;
    int x3 = xOffset + Math.min(row + 3, last) * depth;
    int x4 = xOffset + Math.min(row + 4, last) * depth;
    int x5 = xOffset + Math.min(row + 5, last) * depth;
    int x6 = xOffset + Math.min(row + 6, last) * depth;
    int x7 = xOffset + Math.min(row + 7, last) * depth;
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector a4 = FloatVector.zero(F);
    FloatVector a5 = FloatVector.zero(F);
    FloatVector a6 = FloatVector.zero(F);
    FloatVector a7 = FloatVector.zero(F);
    for (int k = 0; k < depth; k++) {
      FloatVector weights =
          IntVector.fromMemorySegment(Lanes.I, w, (long) k * 2 * BYTES, ORDER)
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats();
      a0 = FloatVector.broadcast(F, x[x0 + k]).fma(weights, a0);
      a1 = FloatVector.broadcast(F, x[x1 + k]).fma(weights, a1);
      a2 = FloatVector.broadcast(F, x[x2 + k]).fma(weights, a2);
      a3 = FloatVector.broadcast(F, x[x3 + k]).fma(weights, a3);
      a4 = FloatVector.broadcast(F, x[x4 + k]).fma(weights, a4);
      a5 = FloatVector.broadcast(F, x[x5 + k]).fma(weights, a5);
      a6 = FloatVector.broadcast(F, x[x6 + k]).fma(weights, a6);
      a7 = FloatVector.broadcast(F, x[x7 + k]).fma(weights, a7);
    }
    VectorMask<Float> mask = F.indexInRange(0, outputs);
    a7.intoArray(y, yOffset + Math.min(row + 7, last) * outputs, mask);
    a6.intoArray(y, yOffset + Math.min(row + 6, last) * outputs, mask);
    a5.intoArray(y, yOffset + Math.min(row + 5, last) * outputs, mask);
    a4.intoArray(y, yOffset + Math.min(row + 4, last) * outputs, mask);
    a3.intoArray(y, yOffset + Math.min(row + 3, last) * outputs, mask);
    a2.intoArray(y, yOffset + Math.min(row + 2, last) * outputs, mask);
    a1.intoArray(y, yOffset + Math.min(row + 1, last) * outputs, mask);
    a0.intoArray(y, yOffset + row * outputs, mask);
  }
}
