package io.expertmesh.protocol.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** One float after the other: the reference. */
final class ScalarBf16Bytes implements Bf16Bytes {
  private static final ValueLayout.OfShort LITTLE_ENDIAN =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Override
  public void encode(float[] source, int from, int count, byte[] target, int at) {
    for (int i = 0; i < count; i++) {
      int half = nearest(Float.floatToRawIntBits(source[from + i]));
      target[at + 2 * i] = (byte) half;
      target[at + 2 * i + 1] = (byte) (half >> 8);
    }
  }

  private static int nearest(int bits) {
    if ((bits & 0x7fffffff) > 0x7f800000) {
      return bits >>> 16 | 0x40;
    }
    return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
  }

  @Override
  public void decode(MemorySegment source, long at, float[] target, int from, int count) {
    for (int i = 0; i < count; i++) {
      target[from + i] = Float.intBitsToFloat(source.get(LITTLE_ENDIAN, at + 2L * i) << 16);
    }
  }
}
