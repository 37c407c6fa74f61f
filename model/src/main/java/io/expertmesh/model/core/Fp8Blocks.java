package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Decodes matrices of 8-bit floats (E4M3 without infinities: bias 7, 0x7f is NaN) that have one
 * factor per block.
 */
final class Fp8Blocks {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final float[] VALUES = values();

  private Fp8Blocks() {}

  static WeightMatrix decode(
      StoredTensor tensor,
      StoredTensor scales,
      TensorEncoding.Fp8Blocks blocks,
      TensorRef ref,
      Arena arena) {
    TensorPart part = TensorPart.of(tensor, ref, 1);
    int columns = part.columns();
    int perRow = Math.ceilDiv(columns, blocks.blockColumns());
    int perSlice = Math.ceilDiv(part.rows(), blocks.blockRows()) * perRow;
    int slice = Math.max(ref.slice(), 0);
    float[] factors = TensorValues.floats(scales.path(), scales.entry(), scales.data());
    MemorySegment copy = arena.allocate((long) ref.rows() * columns * Float.BYTES, Float.BYTES);
    byte[] row = new byte[columns];
    float[] decoded = new float[columns];
    for (int r = 0; r < ref.rows(); r++) {
      int stored = ref.rowFrom() + r * ref.rowStep();
      MemorySegment.copy(
          part.data(), ValueLayout.JAVA_BYTE, (long) stored * columns, row, 0, columns);
      int firstFactor = slice * perSlice + stored / blocks.blockRows() * perRow;

      for (int b = 0; b < perRow; b++) {
        float factor = factors[firstFactor + b];
        int end = Math.min(columns, (b + 1) * blocks.blockColumns());
        for (int c = b * blocks.blockColumns(); c < end; c++) {
          decoded[c] = VALUES[row[c] & 0xff] * factor;
        }
      }
      MemorySegment.copy(decoded, 0, copy, FLOAT, (long) r * columns * Float.BYTES, columns);
    }
    return new WeightMatrix(DType.F32, ref.rows(), columns, false, copy);
  }

  private static float[] values() {
    float[] values = new float[256];
    for (int bits = 0; bits < values.length; bits++) {
      int exponent = (bits >> 3) & 15;
      int mantissa = bits & 7;
      float magnitude =
          exponent == 0
              ? Math.scalb((float) mantissa, -9)
              : Math.scalb(8f + mantissa, exponent - 10);
      if ((bits & 0x7f) == 0x7f) {
        magnitude = Float.NaN;
      }
      values[bits] = bits < 128 ? magnitude : -magnitude;
    }
    return values;
  }
}
