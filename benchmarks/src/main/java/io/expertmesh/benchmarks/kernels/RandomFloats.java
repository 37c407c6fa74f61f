package io.expertmesh.benchmarks.kernels;

import java.util.SplittableRandom;

/** Normally distributed values, the same in every run. */
final class RandomFloats {
  private RandomFloats() {}

  static float[] of(int count) {
    SplittableRandom random = new SplittableRandom(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
