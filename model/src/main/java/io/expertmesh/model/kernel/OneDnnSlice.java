package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Some outputs of a matrix.
 *
 * @param first number of its first output
 * @param shape the products that compute it
 * @param data weights in the layout of these products
 */
record OneDnnSlice(int first, OneDnnShape shape, MemorySegment data) {
  /** Outputs of a block in the library's layouts; slices are cut between blocks. */
  private static final int BLOCK = 64;

  OneDnnSlice {
    Objects.requireNonNull(shape, "shape");
    Objects.requireNonNull(data, "data");
  }

  /**
   * Outputs of every slice but the last: about {@code bytes} of weights, so that there are enough
   * slices for several threads, and each is worth the call.
   */
  static int width(int outputs, int columns, int weightBytes, int bytes) {
    int wanted = bytes / (columns * weightBytes) / BLOCK * BLOCK;
    return Math.min(outputs, Math.max(BLOCK, wanted));
  }
}
