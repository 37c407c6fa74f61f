package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * Scores {@code σ(s)}, chosen by score + correction bias within the best groups, weighted by the
 * scores alone. A group counts as the sum of its two largest biased scores.
 *
 * <p>Source: DeepSeek-V3, 2024; experts of other groups are out of the question, as in its own
 * code.
 */
public final class SigmoidTopK extends RowPolicy {
  private static final float EPSILON = 1e-20f;

  private final GatingSpec.SigmoidTopK rule;
  private final ExpertGroups groups;
  private final float[] bias;
  private final float[] biased;

  /**
   * Takes k of {@code experts}.
   *
   * @param bias correction of each expert; empty for none
   */
  public SigmoidTopK(GatingSpec.SigmoidTopK rule, int experts, float[] bias, Kernels kernels) {
    super(rule.k(), experts, kernels);
    this.rule = rule;
    this.groups = new ExpertGroups(rule.groups(), rule.keptGroups(), rule.k(), experts, kernels);
    if (groups.limit() && groups.size() < 2) {
      throw new IllegalArgumentException(
          "n_group is " + rule.groups() + ", which leaves one expert a group, needs two");
    }
    this.bias =
        bias.length == 0
            ? new float[experts]
            : GatingPolicy.requireTable("e_score_correction_bias", bias, experts).clone();
    this.biased = new float[experts];
  }

  @Override
  void choose(float[] s, int offset) {
    kernels.sigmoid(s, offset, experts);
    System.arraycopy(s, offset, biased, 0, experts);
    kernels.add(biased, 0, bias, 0, experts);
    if (groups.limit()) {
      for (int group = 0; group < groups.groups(); group++) {
        groups.score(group, twoLargest(group * groups.size()));
      }
      groups.mask(biased, 0, Float.NEGATIVE_INFINITY);
    }
    kernels.topK(biased, 0, experts, chosen.length, chosen, 0);
    weigh(s, offset, rule.normalized(), EPSILON, rule.scale());
  }

  private float twoLargest(int first) {
    float best = Float.NEGATIVE_INFINITY;
    float second = Float.NEGATIVE_INFINITY;
    for (int i = first; i < first + groups.size(); i++) {
      second = Math.max(second, Math.min(best, biased[i]));
      best = Math.max(best, biased[i]);
    }
    return best + second;
  }
}
