package io.expertmesh.router.core;

import io.expertmesh.model.kernel.Kernels;
import java.util.Arrays;

/**
 * Softmax over all experts in fp32, the k most probable (ties to the lower index), their
 * probabilities divided by their sum.
 *
 * <p>Source: Jiang et al., Mixtral of Experts, 2024. A row's assignments depend on that row alone.
 */
public final class RenormalizedTopK implements GatingPolicy {
  private final int k;
  private final int experts;
  private final Kernels kernels;
  private final int[] best;
  private final float[] probabilities;

  /** Takes k of {@code experts}. */
  public RenormalizedTopK(int k, int experts, Kernels kernels) {
    if (k < 1 || k > experts) {
      throw new IllegalArgumentException(
          "num_experts_per_tok is " + k + ", must be between 1 and the " + experts + " experts");
    }
    this.k = k;
    this.experts = experts;
    this.kernels = kernels;
    this.best = new int[k];
    this.probabilities = new float[experts];
  }

  @Override
  public void assign(float[] logits, int rows, Assignments out) {
    for (int row = 0; row < rows; row++) {
      int offset = row * experts;
      if (!kernels.allFinite(logits, offset, experts)) {
        out.endNonFiniteRow();
        continue;
      }
      kernels.softmax(logits, offset, experts);
      kernels.topK(logits, offset, experts, k, best, 0);
      // best first, as the reference sums them
      float sum = 0;
      for (int i = 0; i < k; i++) {
        float p = logits[offset + best[i]];
        probabilities[best[i]] = p;
        sum += p;
      }
      Arrays.sort(best);
      for (int i = 0; i < k; i++) {
        out.add(best[i], probabilities[best[i]] / sum);
      }
      out.endRow();
    }
  }
}
