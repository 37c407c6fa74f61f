package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * Softmax over all experts in fp32, the k most probable, optionally divided by their sum, times a
 * scale.
 *
 * <p>Sources: Jiang et al., Mixtral of Experts, 2024; Muennighoff et al., OLMoE, 2024; Qwen2 and
 * Qwen3 technical reports; DeepSeek-V2, 2024 ({@code greedy}).
 */
public final class SoftmaxTopK extends RowPolicy {
  private final GatingSpec.SoftmaxTopK rule;

  /** Takes k of {@code experts}. */
  public SoftmaxTopK(GatingSpec.SoftmaxTopK rule, int experts, Kernels kernels) {
    super(rule.k(), experts, kernels);
    this.rule = rule;
  }

  @Override
  void choose(float[] s, int offset) {
    kernels.softmax(s, offset, experts);
    kernels.topK(s, offset, experts, chosen.length, chosen, 0);
    weigh(s, offset, rule.normalized(), 0, rule.scale());
  }
}
