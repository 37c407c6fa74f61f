package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;

/**
 * One or several linear maps of the same input, their outputs one after the other.
 *
 * @param matrix the stacked weights
 * @param bias one addend per output; empty if no map has a bias
 */
record Projection(PackedMatrix matrix, float[] bias) {
  /** Outputs per row. */
  int outputs() {
    return matrix.rows();
  }

  /** Adds the bias to one row of outputs. */
  void addBias(Kernels kernels, float[] rows, int offset) {
    if (bias.length > 0) {
      kernels.add(rows, offset, bias, 0, bias.length);
    }
  }

  /** Bytes that one multiplication reads. */
  long bytes() {
    return matrix.bytes();
  }
}
