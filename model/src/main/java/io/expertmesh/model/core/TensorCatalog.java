package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The tensors of a checkpoint as a family asks for them: by name and by the shape that the config
 * implies. A tensor that is missing, of another shape or of a type that no kernel multiplies is
 * refused when the spec is built, long before a weight is read.
 */
final class TensorCatalog {
  private final TensorFiles files;
  private final Quantization quantization;
  private final Set<String> used = new HashSet<>();

  TensorCatalog(TensorFiles files, Quantization quantization) {
    this.files = files;
    this.quantization = quantization;
  }

  /** How the config says that matrices are packed. */
  Quantization quantization() {
    return quantization;
  }

  /** True if the checkpoint has a tensor of this name. */
  boolean has(String name) {
    return files.find(name).isPresent();
  }

  /** A whole matrix of this shape. */
  TensorRef matrix(String name, int rows, int columns) {
    return packed(TensorRef.matrix(name, rows, columns), rows, columns);
  }

  /** A linear map: {@code prefix.weight} and, if it has one, {@code prefix.bias}. */
  Linear linear(String prefix, int rows, int columns, boolean bias) {
    return new Linear(
        matrix(prefix + ".weight", rows, columns),
        bias ? Optional.of(vector(prefix + ".bias", rows)) : Optional.empty());
  }

  /** A whole vector of this length. */
  TensorRef vector(String name, int length) {
    requireNumbers(name, length);
    return TensorRef.vector(name, length);
  }

  /** All values of a two-dimensional tensor, as one vector. */
  TensorRef flat(String name, int rows, int columns) {
    requireNumbers(name, rows, columns);
    return TensorRef.vector(name, Math.multiplyExact(rows, columns));
  }

  /** Vectors stacked as {@code [slices, length]}. */
  Stack vectors(String name, int slices, int length) {
    requireNumbers(name, slices, length);
    return new Stack(new TensorRef(name, 0, 0, length, 1));
  }

  /** Matrices stacked as {@code [slices, rows, columns]}. */
  Stack stack(String name, int slices, int rows, int columns) {
    return new Stack(packed(new TensorRef(name, 0, 0, rows, columns), slices, rows, columns));
  }

  /** Matrices stacked input-major, as {@code [slices, columns, rows]}. */
  Stack transposedStack(String name, int slices, int rows, int columns) {
    requireNumbers(name, slices, columns, rows);
    TensorRef first = new TensorRef(name, 0, 0, rows, columns);
    return new Stack(new TensorRef(name, 0, 0, 1, rows, columns, true, first.encoding()));
  }

  /** Stacked matrices in 4-bit blocks: {@code [slices, rows, columns / 32, 16]} and exponents. */
  Stack mxfp4(String blocks, String scales, int slices, int rows, int columns) {
    int perRow = columns / TensorEncoding.Mxfp4.BLOCK;
    if (columns % TensorEncoding.Mxfp4.BLOCK != 0) {
      throw new CheckpointException(
          files.get(blocks).path(),
          blocks,
          "has rows of " + columns + " values, MXFP4 needs a multiple of 32");
    }
    require(blocks, TensorType.U8::equals, "U8", slices, rows, perRow, 16);
    require(scales, TensorType.U8::equals, "U8", slices, rows, perRow);
    return new Stack(
        new TensorRef(blocks, 0, 0, rows, columns).withEncoding(new TensorEncoding.Mxfp4(scales)));
  }

  /** Element type of a tensor that was asked for before. */
  DType dtype(String name) {
    return files.get(name).kernelType();
  }

  /**
   * Refuses tensors that no part of the spec has asked for: the config does not describe this
   * model.
   *
   * @param ignored names that may be left over
   */
  void refuseUnused(Predicate<String> ignored) {
    for (StoredTensor tensor : files.tensors().values()) {
      String name = tensor.entry().name();
      if (!used.contains(name) && !ignored.test(name)) {
        throw new CheckpointException(
            tensor.path(), name, "is not part of the model that the config describes");
      }
    }
  }

  /** A matrix or stack that may be stored as 8-bit blocks. */
  private TensorRef packed(TensorRef ref, int... shape) {
    String name = ref.tensor();
    boolean fp8 = files.get(name).entry().type() == TensorType.F8_E4M3;
    if (!fp8 || !(quantization instanceof Quantization.Fp8(int blockRows, int blockColumns))) {
      requireNumbers(name, shape);
      return ref;
    }
    require(name, TensorType.F8_E4M3::equals, "F8_E4M3", shape);
    String scales = name + "_scale_inv";
    int[] blocks = shape.clone();
    int last = shape.length - 1;
    blocks[last - 1] = Math.ceilDiv(shape[last - 1], blockRows);
    blocks[last] = Math.ceilDiv(shape[last], blockColumns);
    requireNumbers(scales, blocks);
    return ref.withEncoding(new TensorEncoding.Fp8Blocks(scales, blockRows, blockColumns));
  }

  private void requireNumbers(String name, int... shape) {
    require(name, type -> type.kernelType().isPresent(), "F32, BF16 and F16", shape);
  }

  private void require(String name, Predicate<TensorType> types, String supported, int... shape) {
    StoredTensor tensor = files.get(name);
    if (!tensor.entry().hasShape(Arrays.stream(shape).asLongStream().toArray())) {
      throw new CheckpointException(
          tensor.path(),
          name,
          "has shape "
              + tensor.entry().shape()
              + ", the config makes it "
              + Arrays.toString(shape));
    }
    if (!types.test(tensor.entry().type())) {
      throw tensor.ofType(supported);
    }
    used.add(name);
  }

  /**
   * A stacked tensor whose shape has been checked.
   *
   * @param first all rows of its first slice
   */
  record Stack(TensorRef first) {
    /** All rows of one slice. */
    TensorRef slice(int slice) {
      return rows(slice, 0, 1, first.rows());
    }

    /** Rows of one slice, {@code step} apart. */
    TensorRef rows(int slice, int from, int step, int count) {
      return new TensorRef(
          first.tensor(),
          slice,
          from,
          step,
          count,
          first.columns(),
          first.transposed(),
          first.encoding());
    }
  }
}
