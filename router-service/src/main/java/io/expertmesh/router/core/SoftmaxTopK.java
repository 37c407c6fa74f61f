package io.expertmesh.router.core;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;
import java.util.Arrays;

/**
 * Softmax over all experts in fp32, the k most probable (ties to the lower index), optionally
 * divided by their sum, times a scale.
 *
 * <p>Sources: Jiang et al., Mixtral of Experts, 2024; Muennighoff et al., OLMoE, 2024; Qwen2 and
 * Qwen3 technical reports; DeepSeek-V2, 2024 ({@code greedy}).
 */
public final class SoftmaxTopK implements GatingPolicy {
  private final GatingSpec.SoftmaxTopK spec;
  private final int experts;
  private final Kernels kernels;
  private final int[] best;
  private final float[] probabilities;

  /** Takes k of {@code experts}. */
  public SoftmaxTopK(GatingSpec.SoftmaxTopK spec, int experts, Kernels kernels) {
    this.spec = spec;
    this.experts = experts;
    this.kernels = kernels;
    this.best = new int[GatingPolicy.requireK(spec.k(), experts)];
    this.probabilities = new float[experts];
  }

  @Override
  public void assign(float[] logits, int rows, Assignments out) {
    int k = best.length;
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
      float divisor = spec.normalized() ? sum : 1;
      for (int i = 0; i < k; i++) {
        out.add(best[i], probabilities[best[i]] / divisor * spec.scale());
      }
      out.endRow();
    }
  }
}
