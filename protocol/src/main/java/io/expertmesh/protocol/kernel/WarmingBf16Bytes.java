package io.expertmesh.protocol.kernel;

import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

/**
 * Converts one by one until vectors are faster. Vector code that is not compiled yet takes a
 * hundred times as long as the plain loop, and a network thread that converts the first messages of
 * a process with it misses its pings. So at first only a few floats of each run are converted with
 * vectors, which is enough to have that code compiled, and the two are compared.
 *
 * <p>Any thread may call: what threads overwrite of each other delays the change at most.
 */
final class WarmingBf16Bytes implements Bf16Bytes {
  /** Floats of a run that are converted with vectors at first. */
  static final int SAMPLE = 128;

  /** Runs in a row in which vectors must have been faster: a single one may have been disturbed. */
  static final int WINS = 8;

  private final Bf16Bytes plain;
  private final Bf16Bytes vectors;
  private final LongSupplier nanoClock;
  private final Contest encoding = new Contest();
  private final Contest decoding = new Contest();

  WarmingBf16Bytes(Bf16Bytes plain, Bf16Bytes vectors, LongSupplier nanoClock) {
    this.plain = plain;
    this.vectors = vectors;
    this.nanoClock = nanoClock;
  }

  @Override
  public void encode(float[] source, int from, int count, byte[] target, int at) {
    if (encoding.won()) {
      vectors.encode(source, from, count, target, at);
    } else if (count < 2 * SAMPLE) {
      plain.encode(source, from, count, target, at);
    } else {
      long start = nanoClock.getAsLong();
      vectors.encode(source, from, SAMPLE, target, at);
      long middle = nanoClock.getAsLong();
      plain.encode(source, from + SAMPLE, count - SAMPLE, target, at + 2 * SAMPLE);
      encoding.add(middle - start, nanoClock.getAsLong() - middle, count - SAMPLE);
    }
  }

  @Override
  public void decode(MemorySegment source, long at, float[] target, int from, int count) {
    if (decoding.won()) {
      vectors.decode(source, at, target, from, count);
    } else if (count < 2 * SAMPLE) {
      plain.decode(source, at, target, from, count);
    } else {
      long start = nanoClock.getAsLong();
      vectors.decode(source, at, target, from, SAMPLE);
      long middle = nanoClock.getAsLong();
      plain.decode(source, at + 2 * SAMPLE, target, from + SAMPLE, count - SAMPLE);
      decoding.add(middle - start, nanoClock.getAsLong() - middle, count - SAMPLE);
    }
  }

  /** Counts the runs in a row in which vectors took less time for a float. */
  private static final class Contest {
    private int wins;

    boolean won() {
      return wins >= WINS;
    }

    void add(long vectorNanos, long plainNanos, int plainFloats) {
      wins = vectorNanos * plainFloats < plainNanos * SAMPLE ? wins + 1 : 0;
    }
  }
}
