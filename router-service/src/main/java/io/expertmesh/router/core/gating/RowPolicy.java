package io.expertmesh.router.core.gating;

import io.expertmesh.model.kernel.Kernels;
import java.util.Arrays;

/** A rule that looks at one row at a time, and chooses the same number of experts for each. */
abstract sealed class RowPolicy implements GatingPolicy
    permits SoftmaxTopK, GroupLimitedTopK, SigmoidTopK, SparseMixer, TopKSoftmax, BaseLayer {
  final int experts;
  final Kernels kernels;

  /** The row's choices; {@link #choose} fills it. */
  final int[] chosen;

  /** Weights by index of the expert; {@link #choose} fills those of the chosen ones. */
  final float[] weights;

  RowPolicy(int k, int experts, Kernels kernels) {
    this.experts = experts;
    this.kernels = kernels;
    this.chosen = new int[GatingPolicy.requireK(k, experts)];
    this.weights = new float[experts];
  }

  @Override
  public final boolean batchInvariant() {
    return true;
  }

  @Override
  public final void assign(float[] logits, int[] tokenIds, int from, int to, Assignments out) {
    for (int row = from; row < to; row++) {
      int offset = row * experts;
      if (!kernels.allFinite(logits, offset, experts)) {
        out.endNonFiniteRow();
        continue;
      }
      choose(logits, offset);
      Arrays.sort(chosen);
      for (int expert : chosen) {
        out.add(expert, weights[expert]);
      }
      out.endRow();
    }
  }

  /**
   * Chooses the experts of one row.
   *
   * @param s the row's logits from {@code offset}, all finite; may be overwritten
   */
  abstract void choose(float[] s, int offset);

  /** Takes the values of the chosen experts as weights; divided by their sum, if asked. */
  final void weigh(float[] values, int offset, boolean normalized, float epsilon, float scale) {
    float divisor = 1;
    if (normalized) {
      // best first, as the references sum them
      float sum = 0;
      for (int expert : chosen) {
        sum += values[offset + expert];
      }
      divisor = sum + epsilon;
    }
    for (int expert : chosen) {
      weights[expert] = values[offset + expert] / divisor * scale;
    }
  }
}
