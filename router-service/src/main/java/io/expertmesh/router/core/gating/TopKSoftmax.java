package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * The k largest logits and a softmax over these alone.
 *
 * <p>Sources: Shazeer et al., Outrageously Large Neural Networks, 2017 (without noise); gpt-oss
 * model card, 2025; Granite 3.0 language models, 2024.
 */
public final class TopKSoftmax extends RowPolicy {
  private final float[] values;

  /** Takes k of {@code experts}. */
  public TopKSoftmax(GatingSpec.TopKSoftmax rule, int experts, Kernels kernels) {
    super(rule.k(), experts, kernels);
    this.values = new float[rule.k()];
  }

  @Override
  void choose(float[] s, int offset) {
    int k = chosen.length;
    kernels.topK(s, offset, experts, k, chosen, 0);
    for (int i = 0; i < k; i++) {
      values[i] = s[offset + chosen[i]];
    }
    kernels.softmax(values, 0, k);
    for (int i = 0; i < k; i++) {
      weights[chosen[i]] = values[i];
    }
  }
}
