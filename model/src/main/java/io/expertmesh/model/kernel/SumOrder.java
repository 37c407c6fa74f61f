package io.expertmesh.model.kernel;

/**
 * The one order in which a row is summed: element i belongs to lane {@code i mod 16}, a lane adds
 * its elements in ascending order, and the lanes are then added pairwise, lane j with lane j + 8,
 * then j + 4, j + 2, j + 1. Vectors of 4, 8 and 16 lanes can all follow it.
 */
final class SumOrder {
  static final int LANES = 16;

  private SumOrder() {}

  /** Adds 16 lane sums; the array is overwritten. */
  static float fold(float[] lanes) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /** Adds 16 lane sums; the array is overwritten. */
  static double fold(double[] lanes) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }
}
