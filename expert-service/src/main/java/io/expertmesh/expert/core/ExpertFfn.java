package io.expertmesh.expert.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.Linear;
import io.expertmesh.model.core.RowActivation;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The packed weights of one expert.
 *
 * @param first gate rows, then up rows, {@code [2 × inner, hidden]}; only up rows where there is no
 *     gate
 * @param firstBias one value per row of {@code first}; empty where it has no biases
 * @param activation what happens between the products
 * @param down {@code [hidden, inner]}
 * @param downBias {@code hidden} values, or empty
 */
record ExpertFfn(
    PackedMatrix first,
    float[] firstBias,
    RowActivation activation,
    PackedMatrix down,
    float[] downBias) {
  ExpertFfn {
    Objects.requireNonNull(first, "first");
    Objects.requireNonNull(firstBias, "firstBias");
    Objects.requireNonNull(activation, "activation");
    Objects.requireNonNull(down, "down");
    Objects.requireNonNull(downBias, "downBias");
  }

  /** Packs an expert; what the checkpoint stores encoded is decoded here, and freed again. */
  static ExpertFfn pack(
      Checkpoint checkpoint, DenseFfn ffn, Kernels kernels, DType activations, Arena arena) {
    List<Linear> first = new ArrayList<>();
    ffn.gate().ifPresent(first::add);
    first.add(ffn.up());
    try (Arena decoded = Arena.ofConfined()) {
      List<WeightMatrix> matrices =
          first.stream().map(linear -> checkpoint.matrix(linear.weight(), decoded)).toList();
      return new ExpertFfn(
          kernels.packStacked(matrices, activations, arena),
          biases(checkpoint, first),
          RowActivation.of(ffn),
          kernels.pack(checkpoint.matrix(ffn.down().weight(), decoded), activations, arena),
          biases(checkpoint, List.of(ffn.down())));
    }
  }

  /** The biases of stacked maps, 0 for a map that has none; empty if no map has any. */
  private static float[] biases(Checkpoint checkpoint, List<Linear> stacked) {
    if (stacked.stream().allMatch(linear -> linear.bias().isEmpty())) {
      return new float[0];
    }
    int rows = stacked.stream().mapToInt(linear -> linear.weight().rows()).sum();
    float[] all = new float[rows];
    int at = 0;
    for (Linear linear : stacked) {
      float[] bias = linear.bias().map(checkpoint::vector).orElse(new float[0]);
      System.arraycopy(bias, 0, all, at, bias.length);
      at += linear.weight().rows();
    }
    return all;
  }

  /** Values per row of the first product. */
  int width() {
    return first.rows();
  }

  int inner() {
    return down.columns();
  }

  int hidden() {
    return down.rows();
  }

  /** Bytes that computing a row reads. */
  long bytes() {
    return first.bytes() + down.bytes() + (long) Float.BYTES * (firstBias.length + downBias.length);
  }
}
