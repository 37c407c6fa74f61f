package io.expertmesh.model.core;

import java.util.Objects;
import java.util.Optional;

/**
 * The gate of a routed block: a linear map to one logit per expert, and the rule that turns logits
 * into assignments.
 *
 * @param policy the rule
 * @param projection {@code [experts, hiddenSize]}; empty for rules that read no logits
 * @param table numbers that the rule reads besides the logits, as its documentation says: a
 *     correction bias per expert, a threshold per expert, an expert per token id; empty for most
 */
public record GateSpec(GatingSpec policy, Optional<Linear> projection, Optional<TensorRef> table) {
  public GateSpec {
    Objects.requireNonNull(policy, "policy");
    Objects.requireNonNull(projection, "projection");
    Objects.requireNonNull(table, "table");
  }

  /** True if the rule is defined for tokens that are generated one by one. */
  public boolean decodes() {
    return switch (policy) {
      case GatingSpec.ExpertChoice _ -> table.isPresent();
      case GatingSpec.SoftMixture _ -> false;
      case GatingSpec.SoftmaxTopK _,
          GatingSpec.GroupLimitedTopK _,
          GatingSpec.SigmoidTopK _,
          GatingSpec.SparseMixer _,
          GatingSpec.TopKSoftmax _,
          GatingSpec.MegaBlocksTopK _,
          GatingSpec.SwitchTop1 _,
          GatingSpec.GShardTop2 _,
          GatingSpec.NllbTop2 _,
          GatingSpec.HashTable _,
          GatingSpec.BaseLayer _,
          GatingSpec.TopologyTop2 _ ->
          true;
    };
  }

  /** A gate that is one matrix without a bias. */
  public static GateSpec of(GatingSpec policy, TensorRef projection) {
    return new GateSpec(policy, Optional.of(Linear.of(projection)), Optional.empty());
  }
}
