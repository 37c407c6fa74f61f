package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;

/** Weights of the oneDNN provider, in the layout of the products of their shape. */
record OneDnnMatrix(OneDnnShape shape, DType activations, MemorySegment data)
    implements PackedMatrix {
  @Override
  public int rows() {
    return shape.outputs();
  }

  @Override
  public int columns() {
    return shape.columns();
  }

  @Override
  public long bytes() {
    return data.byteSize();
  }
}
