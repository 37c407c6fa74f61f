package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * Softmax over all experts; the groups with the largest best probability; the k most probable
 * experts of these, times a scale.
 *
 * <p>Source: DeepSeek-V2, 2024 ({@code group_limited_greedy}).
 */
public final class GroupLimitedTopK extends RowPolicy {
  private final GatingSpec.GroupLimitedTopK rule;
  private final ExpertGroups groups;

  /** Takes k of {@code experts}. */
  public GroupLimitedTopK(GatingSpec.GroupLimitedTopK rule, int experts, Kernels kernels) {
    super(rule.k(), experts, kernels);
    this.rule = rule;
    this.groups = new ExpertGroups(rule.groups(), rule.keptGroups(), rule.k(), experts, kernels);
  }

  @Override
  void choose(float[] s, int offset) {
    kernels.softmax(s, offset, experts);
    for (int group = 0; group < groups.groups(); group++) {
      int first = offset + group * groups.size();
      float best = s[first];
      for (int i = first + 1; i < first + groups.size(); i++) {
        best = Math.max(best, s[i]);
      }
      groups.score(group, best);
    }
    // below every probability, so that an expert of probability 0 goes before a masked one
    groups.mask(s, offset, -1);
    kernels.topK(s, offset, experts, chosen.length, chosen, 0);
    weigh(s, offset, rule.normalized(), 0, rule.scale());
  }
}
