package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * The largest logit, weighted by a softmax over the logits close to it; then the same once more
 * without that expert. Logit j is close to the largest one m if {@code (m - s_j) / max(|s_j|, m)}
 * is not more than twice the jitter. The two weights do not add up to one; mostly both are one.
 *
 * <p>Source: Phi-3 technical report, 2024, after Liu et al., SparseMixer, 2023, at inference.
 */
public final class SparseMixer extends RowPolicy {
  private final float reach;
  private final float[] masked;

  /** Takes two of {@code experts}. */
  public SparseMixer(GatingSpec.SparseMixer rule, int experts, Kernels kernels) {
    super(2, experts, kernels);
    this.reach = 2 * rule.jitter();
    this.masked = new float[experts];
  }

  @Override
  void choose(float[] s, int offset) {
    kernels.topK(s, offset, experts, 2, chosen, 0);
    int first = chosen[0];
    int second = chosen[1];
    weights[first] = weight(s, offset, first, -1);
    weights[second] = weight(s, offset, second, first);
  }

  private float weight(float[] s, int offset, int expert, int excluded) {
    float most = s[offset + expert];
    for (int j = 0; j < experts; j++) {
      float logit = s[offset + j];
      float distance = (most - logit) / Math.max(Math.abs(logit), most);
      // 0 / 0 is not a number and not out of reach
      masked[j] = distance > reach || j == excluded ? Float.NEGATIVE_INFINITY : logit;
    }
    kernels.softmax(masked, 0, experts);
    return masked[expert];
  }
}
