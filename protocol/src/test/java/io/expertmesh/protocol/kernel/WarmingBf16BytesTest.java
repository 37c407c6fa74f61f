package io.expertmesh.protocol.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WarmingBf16BytesTest {
  private static final int FLOATS = 1000;

  private long now;
  private final Counting plain = new Counting();
  private final Counting vectors = new Counting();
  private final Bf16Bytes bytes = new WarmingBf16Bytes(plain, vectors, () -> now);
  private final float[] rows = new float[FLOATS];

  WarmingBf16BytesTest() {
    Random random = new Random(1);
    for (int i = 0; i < FLOATS; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    plain.nanosPerFloat = 2;
  }

  @Test
  void whileVectorsAreNotCompiledTheyGetAFewFloatsOnly() {
    vectors.nanosPerFloat = 200;
    for (int i = 0; i < 1000; i++) {
      roundTrip();
    }

    assertThat(vectors.encoded).isEqualTo(1000 * WarmingBf16Bytes.SAMPLE);
    assertThat(vectors.decoded).isEqualTo(1000 * WarmingBf16Bytes.SAMPLE);
  }

  @Test
  void onceVectorsWereFasterOftenEnoughTheyGetEverything() {
    vectors.nanosPerFloat = 1;
    for (int i = 0; i < WarmingBf16Bytes.WINS; i++) {
      roundTrip();
    }
    plain.encoded = 0;
    plain.decoded = 0;

    roundTrip();

    assertThat(plain.encoded).isZero();
    assertThat(plain.decoded).isZero();
  }

  @Test
  void oneSlowRunStartsTheCountAgain() {
    vectors.nanosPerFloat = 1;
    for (int i = 0; i < WarmingBf16Bytes.WINS - 1; i++) {
      roundTrip();
    }
    vectors.nanosPerFloat = 5;
    roundTrip();
    vectors.nanosPerFloat = 1;
    roundTrip();
    plain.encoded = 0;

    roundTrip();

    assertThat(plain.encoded).isPositive();
  }

  @Test
  void shortRunsAreNotSampled() {
    bytes.encode(rows, 0, WarmingBf16Bytes.SAMPLE, new byte[2 * FLOATS], 0);

    assertThat(vectors.encoded).isZero();
  }

  /** Both halves of a run land where the whole would. */
  private void roundTrip() {
    byte[] expected = new byte[2 * FLOATS + 3];
    byte[] actual = new byte[2 * FLOATS + 3];
    new ScalarBf16Bytes().encode(rows, 0, FLOATS, expected, 3);
    bytes.encode(rows, 0, FLOATS, actual, 3);
    assertThat(actual).isEqualTo(expected);

    float[] read = new float[FLOATS + 1];
    float[] whole = new float[FLOATS + 1];
    new ScalarBf16Bytes().decode(MemorySegment.ofArray(expected), 3, whole, 1, FLOATS);
    bytes.decode(MemorySegment.ofArray(expected), 3, read, 1, FLOATS);
    assertThat(read).isEqualTo(whole);
  }

  /** Converts as the reference does, takes the time it is told to, and counts. */
  private final class Counting implements Bf16Bytes {
    private final Bf16Bytes reference = new ScalarBf16Bytes();
    private long nanosPerFloat;
    private int encoded;
    private int decoded;

    @Override
    public void encode(float[] source, int from, int count, byte[] target, int at) {
      reference.encode(source, from, count, target, at);
      encoded += count;
      now += nanosPerFloat * count;
    }

    @Override
    public void decode(MemorySegment source, long at, float[] target, int from, int count) {
      reference.decode(source, at, target, from, count);
      decoded += count;
      now += nanosPerFloat * count;
    }
  }
}
