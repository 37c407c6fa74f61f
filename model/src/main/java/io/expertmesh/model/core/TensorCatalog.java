package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.util.Arrays;

/**
 * The tensors of a checkpoint as a family asks for them: by name and by the shape that the config
 * implies. A tensor that is missing, of another shape or of a type that no kernel multiplies is
 * refused when the spec is built, long before a weight is read.
 */
final class TensorCatalog {
  private final TensorFiles files;

  TensorCatalog(TensorFiles files) {
    this.files = files;
  }

  /** True if the checkpoint has a tensor of this name. */
  boolean has(String name) {
    return files.find(name).isPresent();
  }

  /** A whole matrix of this shape. */
  TensorRef matrix(String name, int rows, int columns) {
    require(name, rows, columns);
    return TensorRef.matrix(name, rows, columns);
  }

  /** A whole vector of this length. */
  TensorRef vector(String name, int length) {
    require(name, length);
    return TensorRef.vector(name, length);
  }

  /** Matrices stacked as {@code [slices, rows, columns]}. */
  Stack stack(String name, int slices, int rows, int columns) {
    require(name, slices, rows, columns);
    return new Stack(name, columns);
  }

  /** Element type of a tensor that was asked for before. */
  DType dtype(String name) {
    return files.get(name).kernelType();
  }

  private void require(String name, long... shape) {
    StoredTensor tensor = files.get(name);
    if (!tensor.entry().hasShape(shape)) {
      throw new CheckpointException(
          tensor.path(),
          name,
          "has shape "
              + tensor.entry().shape()
              + ", the config makes it "
              + Arrays.toString(shape));
    }
    tensor.kernelType();
  }

  /** A stacked tensor whose shape has been checked. */
  record Stack(String name, int columns) {
    /** A run of rows of one slice. */
    TensorRef rows(int slice, int from, int rows) {
      return new TensorRef(name, slice, from, rows, columns);
    }
  }
}
