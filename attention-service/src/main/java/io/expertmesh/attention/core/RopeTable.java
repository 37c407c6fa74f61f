package io.expertmesh.attention.core;

import io.expertmesh.model.core.RopeSpec;

/**
 * Cosines and sines of the rotary angles of every position: {@code angle = position ·
 * theta^(-2i/dims)}, frequencies and angles in fp32 as the reference computes them (Su et al.
 * 2021).
 *
 * @param half angles per position
 * @param cos {@code positions × half}
 * @param sin {@code positions × half}
 */
record RopeTable(int half, float[] cos, float[] sin) {
  static RopeTable of(RopeSpec spec, int positions) {
    int half = spec.dims() / 2;
    float[] cos = new float[positions * half];
    float[] sin = new float[positions * half];
    for (int i = 0; i < half; i++) {
      float frequency = (float) (1.0 / StrictMath.pow(spec.theta(), 2.0 * i / spec.dims()));
      for (int position = 0; position < positions; position++) {
        float angle = position * frequency;
        // StrictMath: the same bits on every machine
        cos[position * half + i] = (float) StrictMath.cos(angle);
        sin[position * half + i] = (float) StrictMath.sin(angle);
      }
    }
    return new RopeTable(half, cos, sin);
  }
}
