package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;

/** Weights of the scalar provider: fp32, row-major {@code [rows, columns]}. */
record ScalarMatrix(int rows, int columns, DType activations, MemorySegment data)
    implements PackedMatrix {
  @Override
  public long bytes() {
    return data.byteSize();
  }
}
