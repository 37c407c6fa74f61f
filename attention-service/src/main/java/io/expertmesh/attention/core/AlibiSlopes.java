package io.expertmesh.attention.core;

/** Slopes of linear biases per head (Press et al. 2022). */
final class AlibiSlopes {
  private AlibiSlopes() {}

  /**
   * For a power of two n the slopes are {@code 2^(-8 i / n)}, i from 1. Otherwise those of the next
   * smaller power of two, then every second one of its double, beginning with the first.
   */
  static float[] of(int heads) {
    int power = Integer.highestOneBit(heads);
    float[] slopes = new float[heads];
    for (int i = 0; i < heads; i++) {
      double exponent =
          i < power ? -8.0 * (i + 1) / power : -8.0 * (2 * (i - power) + 1) / (2 * power);
      slopes[i] = (float) StrictMath.pow(2, exponent);
    }
    return slopes;
  }
}
