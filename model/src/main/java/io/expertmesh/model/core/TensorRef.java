package io.expertmesh.model.core;

import java.util.Objects;

/**
 * Where a matrix or vector of the model lies in the checkpoint: a whole tensor, or a run of rows of
 * one slice of a stacked tensor.
 *
 * @param tensor name on disk
 * @param slice index along the first of three dimensions; -1 where the tensor has no such dimension
 * @param rowFrom first row within the (slice of the) tensor
 * @param rows rows taken; for a vector its length
 * @param columns columns; 1 for a vector
 */
public record TensorRef(String tensor, int slice, int rowFrom, int rows, int columns) {
  public TensorRef {
    Objects.requireNonNull(tensor, "tensor");
  }

  /** A whole two-dimensional tensor. */
  public static TensorRef matrix(String tensor, int rows, int columns) {
    return new TensorRef(tensor, -1, 0, rows, columns);
  }

  /** A whole one-dimensional tensor. */
  public static TensorRef vector(String tensor, int length) {
    return new TensorRef(tensor, -1, 0, length, 1);
  }
}
