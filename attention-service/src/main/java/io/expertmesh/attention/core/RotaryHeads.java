package io.expertmesh.attention.core;

import io.expertmesh.model.core.RopeSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * The rotation of heads by the angles of a row.
 *
 * @param table index of the model's rotary table
 * @param half pairs that are turned; they stand at the front of a head
 * @param interleaved false: pair i is (i, i + half); true: (2i, 2i + 1)
 */
record RotaryHeads(int table, int half, boolean interleaved) {
  static RotaryHeads of(RopeSpec spec, int table) {
    return new RotaryHeads(table, spec.dims() / 2, spec.interleaved());
  }

  /** Turns {@code count} heads that stand {@code stride} floats apart, for row {@code row}. */
  void turn(
      Kernels kernels, MicroBatch batch, int row, float[] x, int offset, int count, int stride) {
    float[] cos = batch.cos[table];
    float[] sin = batch.sin[table];
    for (int head = 0; head < count; head++) {
      if (interleaved) {
        kernels.ropeInterleaved(x, offset + head * stride, cos, sin, row * half, half);
      } else {
        kernels.rope(x, offset + head * stride, cos, sin, row * half, half);
      }
    }
  }
}
