package io.expertmesh.router.core.gating;

import io.expertmesh.model.kernel.Kernels;

/** Consecutive groups of experts of equal size, of which the best ones are open to a row. */
final class ExpertGroups {
  private final int groups;
  private final int kept;
  private final int size;
  private final Kernels kernels;
  private final float[] scores;
  private final int[] best;

  /**
   * Groups of one layer.
   *
   * @param k experts that will be chosen from the kept groups
   */
  ExpertGroups(int groups, int kept, int k, int experts, Kernels kernels) {
    if (experts % groups != 0) {
      throw new IllegalArgumentException(
          "n_group is " + groups + ", which does not divide the " + experts + " experts");
    }
    this.groups = groups;
    this.kept = kept;
    this.size = experts / groups;
    this.kernels = kernels;
    if ((long) kept * size < k) {
      throw new IllegalArgumentException(
          "num_experts_per_tok is %d, topk_group %d of %d experts each offers only %d"
              .formatted(k, kept, size, kept * size));
    }
    this.scores = new float[groups];
    this.best = new int[groups];
  }

  boolean limit() {
    return kept < groups;
  }

  int groups() {
    return groups;
  }

  int size() {
    return size;
  }

  /** Sets the score of a group. */
  void score(int group, float score) {
    scores[group] = score;
  }

  /** Overwrites the values of the groups that are not among the best. */
  void mask(float[] values, int offset, float mask) {
    kernels.topK(scores, 0, groups, groups, best, 0);
    for (int i = kept; i < groups; i++) {
      int first = offset + best[i] * size;
      java.util.Arrays.fill(values, first, first + size, mask);
    }
  }
}
