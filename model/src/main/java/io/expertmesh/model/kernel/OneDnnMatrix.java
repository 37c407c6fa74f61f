package io.expertmesh.model.kernel;

/**
 * Weights of the oneDNN provider, cut into slices of outputs that threads compute side by side.
 *
 * @param rows outputs of all slices
 * @param columns inputs
 * @param activations type that inputs are rounded to
 * @param slices in the order of their outputs
 */
record OneDnnMatrix(int rows, int columns, DType activations, OneDnnSlice[] slices)
    implements PackedMatrix {
  OneDnnProduct.Type type() {
    return slices[0].shape().type();
  }

  /** Rows that are computed of a batch of {@code count}, in the slice that needs the most. */
  int computed(int count) {
    int most = count;
    for (OneDnnSlice slice : slices) {
      most = Math.max(most, slice.shape().rule().computed(count));
    }
    return most;
  }

  @Override
  public long bytes() {
    long bytes = 0;
    for (OneDnnSlice slice : slices) {
      bytes += slice.data().byteSize();
    }
    return bytes;
  }
}
