package io.expertmesh.model.core;

import java.util.Optional;

/** Reads the gates of DeepSeek's models: how experts are scored, limited to groups and weighted. */
final class DeepseekGates {
  private final TensorCatalog tensors;
  private final ExpertCounts counts;
  private final boolean corrected;
  private final GatingSpec policy;

  /**
   * @param third true for V3, whose scores are sigmoids with a correction bias
   */
  DeepseekGates(ModelConfig config, TensorCatalog tensors, ExpertCounts counts, boolean third) {
    this.tensors = tensors;
    this.counts = counts;
    corrected = third;
    policy = third ? third(config) : second(config);
  }

  /** The gate of the block whose tensors begin with {@code block}. */
  GateSpec read(String block, TensorRef projection) {
    Optional<TensorRef> bias =
        corrected
            ? Optional.of(tensors.vector(block + "gate.e_score_correction_bias", counts.experts()))
            : Optional.empty();
    return new GateSpec(policy, Optional.of(Linear.of(projection)), bias);
  }

  private GatingSpec third(ModelConfig config) {
    config.allowOnly("scoring_func", "sigmoid");
    config.allowOnly("topk_method", "noaux_tc");
    int groups = groups(config);
    return new GatingSpec.SigmoidTopK(
        counts.k(), groups, kept(config, groups), config.given("norm_topk_prob"), scale(config));
  }

  private GatingSpec second(ModelConfig config) {
    config.allowOnly("scoring_func", "softmax");
    String method = config.text("topk_method").orElse("greedy");
    // norm_topk_prob is false in every release; transformers, the reference, does not read it
    return switch (method) {
      case "greedy" -> new GatingSpec.SoftmaxTopK(counts.k(), false, scale(config));
      case "group_limited_greedy" -> {
        int groups = groups(config);
        yield new GatingSpec.GroupLimitedTopK(
            counts.k(), groups, kept(config, groups), false, scale(config));
      }
      default -> throw config.unsupported("topk_method", method, "greedy, group_limited_greedy");
    };
  }

  private int groups(ModelConfig config) {
    int groups = config.optionalPositive("n_group").orElse(1);
    if (counts.experts() % groups != 0) {
      throw config.refuse(
          "n_group is " + groups + ", must divide the number of experts, " + counts.experts());
    }
    return groups;
  }

  private int kept(ModelConfig config, int groups) {
    int kept = config.optionalPositive("topk_group").orElse(groups);
    if (kept > groups) {
      throw config.refuse("topk_group is " + kept + ", n_group is only " + groups);
    }
    if (kept * (counts.experts() / groups) < counts.k()) {
      throw config.refuse(
          "topk_group is "
              + kept
              + " groups of "
              + counts.experts() / groups
              + " experts, too few for num_experts_per_tok, which is "
              + counts.k());
    }
    return kept;
  }

  private static float scale(ModelConfig config) {
    return (float) config.number("routed_scaling_factor");
  }
}
