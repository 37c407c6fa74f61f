package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.util.Objects;

/**
 * Shape of a random checkpoint. Errors name the component and the limit.
 *
 * @param layers layers of the model
 * @param hidden floats per hidden state
 * @param inner width of an expert (or of the dense feed-forward block)
 * @param experts experts per layer; 0 makes a dense Llama, more a Mixtral
 * @param topK experts per token; 0 where there are none
 * @param heads query heads
 * @param kvHeads key-value heads
 * @param headDim floats per head, even
 * @param vocab vocabulary size
 * @param maxPositions context length to declare
 * @param dtype F32 or BF16
 * @param seed equal seeds give equal files
 */
public record RandomShape(
    int layers,
    int hidden,
    int inner,
    int experts,
    int topK,
    int heads,
    int kvHeads,
    int headDim,
    int vocab,
    int maxPositions,
    DType dtype,
    long seed) {
  public RandomShape {
    atLeastOne("layers", layers);
    atLeastOne("hidden", hidden);
    atLeastOne("inner", inner);
    atLeastOne("heads", heads);
    atLeastOne("kvHeads", kvHeads);
    atLeastOne("headDim", headDim);
    atLeastOne("vocab", vocab);
    atLeastOne("maxPositions", maxPositions);
    Objects.requireNonNull(dtype, "dtype");
    if (experts < 0 || topK < Math.min(experts, 1) || topK > experts) {
      throw new IllegalArgumentException(
          "topK is " + topK + " of " + experts + " experts, must be from 1 to all of them");
    }
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "heads is " + heads + ", must be a multiple of kvHeads, which is " + kvHeads);
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException("headDim is " + headDim + ", must be even");
    }
    if (dtype == DType.F16) {
      throw new IllegalArgumentException("dtype is F16, supported: F32, BF16");
    }
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " is " + value + ", must be at least 1");
    }
  }
}
