package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Decodes matrices of 4-bit floats in blocks of 32 with one power of two (OCP Microscaling Formats
 * 1.0, 2023). A value has at most two significant bits, so bf16 holds it exactly.
 */
final class Mxfp4Blocks {
  private static final int BLOCK = TensorEncoding.Mxfp4.BLOCK;
  private static final int BLOCK_BYTES = BLOCK / 2;
  private static final float[] MAGNITUDES = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bits of every pair of an exponent byte and a 4-bit value. */
  private static final short[] VALUES = values();

  private Mxfp4Blocks() {}

  static WeightMatrix decode(StoredTensor blocks, StoredTensor scales, TensorRef ref, Arena arena) {
    TensorPart part = TensorPart.of(blocks, ref, BLOCK, BLOCK_BYTES);
    int perRow = part.columns() / BLOCK;
    MemorySegment copy =
        arena.allocate((long) ref.rows() * part.columns() * Short.BYTES, Short.BYTES);
    byte[] row = new byte[perRow * BLOCK_BYTES];
    byte[] exponents = new byte[perRow];
    short[] decoded = new short[part.columns()];
    MemorySegment scaleData = scales.data(scales.slice(ref.slice()));
    for (int r = 0; r < ref.rows(); r++) {
      long stored = ref.rowFrom() + (long) r * ref.rowStep();
      MemorySegment.copy(
          part.data(), ValueLayout.JAVA_BYTE, stored * row.length, row, 0, row.length);
      MemorySegment.copy(scaleData, ValueLayout.JAVA_BYTE, stored * perRow, exponents, 0, perRow);

      for (int block = 0; block < perRow; block++) {
        int table = (exponents[block] & 0xff) << 4;
        for (int i = block * BLOCK_BYTES; i < (block + 1) * BLOCK_BYTES; i++) {
          decoded[2 * i] = VALUES[table | (row[i] & 15)];
          decoded[2 * i + 1] = VALUES[table | ((row[i] >> 4) & 15)];
        }
      }
      long to = (long) r * decoded.length * Short.BYTES;
      MemorySegment.copy(decoded, 0, copy, SHORT, to, decoded.length);
    }
    return new WeightMatrix(DType.BF16, ref.rows(), part.columns(), false, copy);
  }

  private static short[] values() {
    short[] values = new short[256 * 16];
    for (int i = 0; i < values.length; i++) {
      int exponent = i >> 4;
      float magnitude = MAGNITUDES[i & 7];
      float value = exponent == 255 ? Float.NaN : Math.scalb(magnitude, exponent - 127);
      values[i] = (short) (Float.floatToRawIntBits((i & 8) == 0 ? value : -value) >>> Short.SIZE);
    }
    return values;
  }
}
