package io.expertmesh.protocol.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Bf16BytesTest {
  private static final int[] SIZES = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 129, 1027};
  private static final long SEED = 20261122;

  private final Bf16Bytes scalar = new ScalarBf16Bytes();
  private final Bf16Bytes vector = new VectorBf16Bytes();
  private final Random random = new Random(SEED);

  @Test
  void vectorsAreWhatThisJvmIsStartedFor() {
    assertThat(Bf16Bytes.fastest()).isInstanceOf(WarmingBf16Bytes.class);
  }

  @Test
  void everyImplementationWritesTheSameBytes() {
    for (int size : SIZES) {
      float[] floats = anyBits(size + 3);
      byte[] expected = new byte[2 * size + 5];
      byte[] actual = new byte[2 * size + 5];

      scalar.encode(floats, 3, size, expected, 2);
      vector.encode(floats, 3, size, actual, 2);

      assertThat(actual).as("%s floats, seed %s", size, SEED).isEqualTo(expected);
      assertThat(Arrays.copyOfRange(actual, 2 * size + 2, 2 * size + 5)).containsOnly(0);
    }
  }

  @Test
  void everyImplementationReadsTheSameFloatsFromAnyAddress() {
    try (Arena arena = Arena.ofConfined()) {
      for (int size : SIZES) {
        byte[] bytes = new byte[2 * size + 3];
        random.nextBytes(bytes);
        MemorySegment heap = MemorySegment.ofArray(bytes);
        MemorySegment direct = arena.allocate(bytes.length).copyFrom(heap);
        for (int at = 0; at < 3; at++) {
          float[] expected = new float[size + 2];
          scalar.decode(heap, at, expected, 1, size);
          for (MemorySegment source : new MemorySegment[] {heap, direct}) {
            float[] actual = new float[size + 2];
            vector.decode(source, at, actual, 1, size);
            assertThat(bits(actual)).as("%s floats, seed %s", size, SEED).isEqualTo(bits(expected));
          }
        }
      }
    }
  }

  @Test
  void whatIsABf16AlreadyTravelsUnchanged() {
    for (Bf16Bytes bytes : new Bf16Bytes[] {scalar, vector}) {
      float[] all = new float[1 << 16];
      for (int i = 0; i < all.length; i++) {
        all[i] = Float.intBitsToFloat(i << 16);
      }
      byte[] encoded = new byte[2 * all.length];
      bytes.encode(all, 0, all.length, encoded, 0);
      float[] decoded = new float[all.length];
      bytes.decode(MemorySegment.ofArray(encoded), 0, decoded, 0, all.length);

      for (int i = 0; i < all.length; i++) {
        int quiet = Float.isNaN(all[i]) ? i << 16 | 0x400000 : i << 16;
        assertThat(Float.floatToRawIntBits(decoded[i])).isEqualTo(quiet);
      }
    }
  }

  /** Zeros, infinities, NaN, subnormal numbers: every pattern may come up. */
  private float[] anyBits(int size) {
    float[] floats = new float[size];
    for (int i = 0; i < size; i++) {
      int bits = random.nextInt();
      floats[i] = Float.intBitsToFloat(i % 5 == 0 ? bits | 0x7f800000 : bits);
    }
    return floats;
  }

  private static int[] bits(float[] floats) {
    int[] bits = new int[floats.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(floats[i]);
    }
    return bits;
  }
}
