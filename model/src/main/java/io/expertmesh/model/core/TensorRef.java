package io.expertmesh.model.core;

import java.util.Objects;

/**
 * Where a matrix or vector of the model lies in the checkpoint: a whole tensor, or rows of one
 * slice of a stacked tensor.
 *
 * @param tensor name on disk
 * @param slice index along the first dimension of a stacked tensor; -1 where it is not stacked
 * @param rowFrom first row within the (slice of the) tensor
 * @param rowStep distance of the rows taken: 1 for neighbours, 2 for every second one
 * @param rows rows taken; for a vector its length
 * @param columns columns; 1 for a vector
 * @param transposed true: the tensor is input-major, so that "rows" are its columns
 * @param encoding how the values are stored
 */
public record TensorRef(
    String tensor,
    int slice,
    int rowFrom,
    int rowStep,
    int rows,
    int columns,
    boolean transposed,
    TensorEncoding encoding) {
  private static final TensorEncoding PLAIN = new TensorEncoding.Plain();

  public TensorRef {
    Objects.requireNonNull(tensor, "tensor");
    Objects.requireNonNull(encoding, "encoding");
  }

  /** Neighbouring rows of a tensor that stores plain numbers, row by row. */
  public TensorRef(String tensor, int slice, int rowFrom, int rows, int columns) {
    this(tensor, slice, rowFrom, 1, rows, columns, false, PLAIN);
  }

  /** A whole two-dimensional tensor. */
  public static TensorRef matrix(String tensor, int rows, int columns) {
    return new TensorRef(tensor, -1, 0, rows, columns);
  }

  /** A whole one-dimensional tensor, or all values of another one in their order. */
  public static TensorRef vector(String tensor, int length) {
    return new TensorRef(tensor, -1, 0, length, 1);
  }

  /** The same place with its values stored another way. */
  TensorRef withEncoding(TensorEncoding other) {
    return new TensorRef(tensor, slice, rowFrom, rowStep, rows, columns, transposed, other);
  }
}
