package io.expertmesh.router.core;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * How the gate's logits become assignments. A policy owns scratch memory, so it belongs to one
 * thread. Every policy states its source.
 */
public sealed interface GatingPolicy permits SoftmaxTopK {
  /**
   * Appends the assignments of rows to {@code out}. A row with a logit that is not finite gets none
   * and is flagged.
   *
   * @param logits rows × experts, fp32; overwritten
   * @param rows number of rows
   */
  void assign(float[] logits, int rows, Assignments out);

  /**
   * The policy that a model asks for.
   *
   * @param experts experts of the layer
   * @throws IllegalArgumentException if the policy cannot work with so many experts
   */
  static GatingPolicy of(GatingSpec spec, int experts, Kernels kernels) {
    return switch (spec) {
      case GatingSpec.SoftmaxTopK topK -> new SoftmaxTopK(topK, experts, kernels);
      case GatingSpec.GroupLimitedTopK _,
          GatingSpec.SigmoidTopK _,
          GatingSpec.SparseMixer _,
          GatingSpec.TopKSoftmax _,
          GatingSpec.MegaBlocksTopK _,
          GatingSpec.SwitchTop1 _,
          GatingSpec.GShardTop2 _,
          GatingSpec.NllbTop2 _,
          GatingSpec.ExpertChoice _,
          GatingSpec.HashTable _,
          GatingSpec.BaseLayer _,
          GatingSpec.SoftMixture _,
          GatingSpec.TopologyTop2 _ ->
          throw new IllegalArgumentException(
              "gating policy is " + spec + ", this router computes SoftmaxTopK");
    };
  }

  /** Checks that so many experts can be chosen. */
  static int requireK(int k, int experts) {
    if (k < 1 || k > experts) {
      throw new IllegalArgumentException(
          "num_experts_per_tok is " + k + ", must be between 1 and the " + experts + " experts");
    }
    return k;
  }
}
