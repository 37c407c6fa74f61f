package io.expertmesh.model.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/**
 * Values drawn from a table, four per step of a SplitMix64 generator (Steele, Lea, Flood 2014),
 * rounded to the element type once per table entry.
 */
final class RandomValues implements TensorSource.Content {
  private static final int CHUNK_BYTES = 1 << 22;
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private final int[] table;
  private final int elementBytes;
  private final long elements;
  private final long seed;

  /**
   * Prepares a tensor.
   *
   * @param table values to draw from, {@link NormalQuantiles#COUNT} of them
   * @param bf16 true: two bytes per element, rounded to nearest even; false: fp32
   */
  RandomValues(float[] table, boolean bf16, long elements, long seed) {
    this.table = new int[table.length];
    for (int i = 0; i < table.length; i++) {
      int bits = Float.floatToRawIntBits(table[i]);
      this.table[i] = bf16 ? (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16 : bits;
    }
    elementBytes = bf16 ? Short.BYTES : Float.BYTES;
    this.elements = elements;
    this.seed = seed;
  }

  @Override
  public void writeTo(WritableByteChannel out) throws IOException {
    long left = elements * elementBytes;
    int chunkBytes = (int) Math.min(CHUNK_BYTES, left + Long.BYTES * 2 - 1 & -Long.BYTES * 2);
    ByteBuffer chunk = ByteBuffer.allocate(chunkBytes).order(ByteOrder.LITTLE_ENDIAN);
    long state = seed;
    while (left > 0) {
      chunk.clear();
      while (chunk.hasRemaining()) {
        state += GAMMA;
        long random = mix(state);
        if (elementBytes == Short.BYTES) {
          chunk.putLong(fourOf(random));
        } else {
          chunk.putLong(twoOf(random));
          chunk.putLong(twoOf(random >>> Integer.SIZE));
        }
      }
      chunk.flip().limit((int) Math.min(left, chunkBytes));
      left -= out.write(chunk);
    }
  }

  private long fourOf(long random) {
    return (long) table[(int) random & 0xFFFF]
        | (long) table[(int) (random >>> 16) & 0xFFFF] << 16
        | (long) table[(int) (random >>> 32) & 0xFFFF] << 32
        | (long) table[(int) (random >>> 48)] << 48;
  }

  private long twoOf(long random) {
    return Integer.toUnsignedLong(table[(int) random & 0xFFFF])
        | (long) table[(int) (random >>> 16) & 0xFFFF] << Integer.SIZE;
  }

  static long mix(long state) {
    long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
