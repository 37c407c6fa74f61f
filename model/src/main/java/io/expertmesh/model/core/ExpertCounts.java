package io.expertmesh.model.core;

/**
 * How many experts a routed layer has and how many of them a token uses.
 *
 * @param experts experts of a layer
 * @param k experts per token
 * @param inner width of an expert
 */
record ExpertCounts(int experts, int k, int inner) {
  /** The spelling of the number of experts. */
  static String key(ModelConfig config) {
    return config.spelled("num_local_experts", "num_experts", "n_routed_experts");
  }

  /** Reads the counts in all spellings; the width is under {@code innerKey}. */
  static ExpertCounts read(ModelConfig config, String innerKey) {
    String expertsKey = key(config);
    String topKey = config.spelled("num_experts_per_tok", "experts_per_token");
    int experts = config.positive(expertsKey);
    int k = config.positive(topKey);
    int inner = config.positive(innerKey);
    if (k > experts) {
      throw config.refuse(topKey + " is " + k + ", " + expertsKey + " is only " + experts);
    }
    if (inner > Integer.MAX_VALUE / 2) {
      throw config.refuse(innerKey + " is " + inner + ", which is too large");
    }
    return new ExpertCounts(experts, k, inner);
  }
}
