package io.expertmesh.router.core.gating;

/**
 * Uniform draws that belong to a row: a function of a seed and the bits of the row's logits, so
 * that a row gets the same draw wherever it stands and whatever else is routed.
 */
final class RowDraw {
  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

  private RowDraw() {}

  /** A number of [0, 1) with 24 random bits. */
  static float uniform(long seed, float[] logits, int offset, int n) {
    long state = mix(seed);
    for (int i = offset; i < offset + n; i++) {
      // adding zero makes the two zeros one
      state = mix(state ^ Float.floatToRawIntBits(logits[i] + 0f));
    }
    return (state >>> 40) * 0x1p-24f;
  }

  /** The finaliser of SplitMix64. */
  private static long mix(long z) {
    z += GOLDEN_RATIO;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
