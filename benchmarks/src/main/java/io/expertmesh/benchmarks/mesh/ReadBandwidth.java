package io.expertmesh.benchmarks.mesh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.LongVector;

/** How fast this machine reads memory with all given threads: the roof over decoding. */
final class ReadBandwidth {
  private static final long BYTES_PER_THREAD = 512L << 20;
  private static final int ROUNDS = 9;

  private ReadBandwidth() {}

  /** Median bytes per second over several sweeps through memory far beyond any cache. */
  static double measure(int threads) throws InterruptedException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment[] parts = new MemorySegment[threads];
      for (int t = 0; t < threads; t++) {
        parts[t] = arena.allocate(BYTES_PER_THREAD, 64).fill((byte) (t + 1));
      }
      double[] rates = new double[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        rates[round] = sweep(parts);
      }
      Arrays.sort(rates);
      return rates[ROUNDS / 2];
    }
  }

  private static double sweep(MemorySegment[] parts) throws InterruptedException {
    long[] sums = new long[parts.length];
    Thread[] threads = new Thread[parts.length];
    long start = System.nanoTime();
    for (int t = 0; t < parts.length; t++) {
      int part = t;
      threads[t] = Thread.ofPlatform().start(() -> sums[part] = sum(parts[part]));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    if (Arrays.stream(sums).sum() == 42) {
      throw new IllegalStateException("the sums are read so that they are computed");
    }
    return parts.length * (double) BYTES_PER_THREAD / seconds;
  }

  private static long sum(MemorySegment part) {
    var species = LongVector.SPECIES_PREFERRED;
    int step = species.vectorByteSize();
    LongVector a = LongVector.zero(species);
    LongVector b = a;
    LongVector c = a;
    LongVector d = a;
    for (long at = 0; at < BYTES_PER_THREAD; at += 4L * step) {
      a = a.add(LongVector.fromMemorySegment(species, part, at, ByteOrder.LITTLE_ENDIAN));
      b = b.add(LongVector.fromMemorySegment(species, part, at + step, ByteOrder.LITTLE_ENDIAN));
      c =
          c.add(
              LongVector.fromMemorySegment(species, part, at + 2L * step, ByteOrder.LITTLE_ENDIAN));
      d =
          d.add(
              LongVector.fromMemorySegment(species, part, at + 3L * step, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).add(c.add(d)).reduceLanes(jdk.incubator.vector.VectorOperators.ADD);
  }
}
