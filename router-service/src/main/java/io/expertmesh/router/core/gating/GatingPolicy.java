package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * How the gate's logits become assignments. A policy owns scratch memory, so it belongs to one
 * thread. Every policy states its source. Where scores are equal the lower index goes first.
 */
public sealed interface GatingPolicy permits RowPolicy, GroupPolicy, HashTable {
  /** True if a row's assignments depend on that row alone. */
  boolean batchInvariant();

  /**
   * Appends the assignments of the rows {@code [from, to)} to {@code out}, whose rows so far are
   * those before {@code from}. These rows are one group for a policy that is not batch-invariant: a
   * whole sequence, or what the caller pools. A row with a logit that is not finite gets no
   * assignment and is flagged; it takes no place in its group.
   *
   * @param logits rows × experts, fp32, from row 0; those of the group are overwritten
   * @param tokenIds input token of each row, from row 0; read by {@link HashTable} only
   */
  void assign(float[] logits, int[] tokenIds, int from, int to, Assignments out);

  /**
   * As {@link #assign}, for rows that are the next token of their sequence each, so that nothing is
   * known of the rest of the group.
   *
   * @throws UndecidableException if the rule is not defined for single tokens
   */
  default void assignDecoding(float[] logits, int[] tokenIds, int from, int to, Assignments out) {
    for (int row = from; row < to; row++) {
      assign(logits, tokenIds, row, row + 1, out);
    }
  }

  /**
   * The policy that a model asks for.
   *
   * @param experts experts of the layer
   * @param table the gate's table; empty if it has none
   * @throws IllegalArgumentException if the policy cannot work with so many experts or this table
   */
  static GatingPolicy of(GatingSpec spec, int experts, float[] table, Kernels kernels) {
    return switch (spec) {
      case GatingSpec.SoftmaxTopK rule -> new SoftmaxTopK(rule, experts, kernels);
      case GatingSpec.GroupLimitedTopK rule -> new GroupLimitedTopK(rule, experts, kernels);
      case GatingSpec.SigmoidTopK rule -> new SigmoidTopK(rule, experts, table, kernels);
      case GatingSpec.SparseMixer rule -> new SparseMixer(rule, experts, kernels);
      case GatingSpec.TopKSoftmax rule -> new TopKSoftmax(rule, experts, kernels);
      case GatingSpec.MegaBlocksTopK rule -> new MegaBlocksTopK(rule, experts, kernels);
      case GatingSpec.SwitchTop1 rule -> new SwitchTop1(rule, experts, kernels);
      case GatingSpec.GShardTop2 rule -> new GShardTop2(rule, experts, kernels);
      case GatingSpec.NllbTop2 rule -> new NllbTop2(rule, experts, kernels);
      case GatingSpec.ExpertChoice rule -> new ExpertChoice(rule, experts, table, kernels);
      case GatingSpec.HashTable _ -> new HashTable(experts, table);
      case GatingSpec.BaseLayer _ -> new BaseLayer(experts, kernels);
      case GatingSpec.TopologyTop2 rule -> new TopologyTop2(rule, experts, kernels);
      case GatingSpec.SoftMixture _ ->
          throw new IllegalArgumentException(
              "gating policy is Soft MoE, which gives experts mixtures of a whole sequence and not"
                  + " tokens; a router dispatches tokens, and serves its weights through"
                  + " Assignments only");
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

  /** Checks the length of a table; an empty one may be allowed. */
  static float[] requireTable(String name, float[] table, int length) {
    if (table.length != length) {
      throw new IllegalArgumentException(
          name + " has " + table.length + " values, must have " + length);
    }
    return table;
  }
}
