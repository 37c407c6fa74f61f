package io.expertmesh.model.core;

/** Which assignment rule a routed block uses, with its parameters. */
public sealed interface GatingSpec {
  /**
   * Softmax over all experts in fp32, the k most probable, their probabilities divided by their sum
   * (Mixtral, Jiang et al. 2024).
   *
   * @param k experts per token
   */
  record RenormalizedTopK(int k) implements GatingSpec {
    public RenormalizedTopK {
      if (k <= 0) {
        throw new IllegalArgumentException("num_experts_per_tok is " + k + ", must be at least 1");
      }
    }
  }
}
