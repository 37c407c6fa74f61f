package io.expertmesh.attention.core;

/**
 * Uniform draws that depend on a seed and a counter and nothing else: two rounds of the SplitMix64
 * finaliser (Steele, Lea, Flood 2014) over seed and counter.
 */
final class CounterRandom {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private CounterRandom() {}

  /** A number in [0, 1) with 53 random bits. */
  static double uniform(long seed, long counter) {
    long z = mix(mix(seed + GOLDEN) + (counter + 1) * GOLDEN);
    return (z >>> 11) * 0x1.0p-53;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
