package io.expertmesh.model.core;

import java.util.Set;

/** PhiMoE: LayerNorm with biases, longrope, two experts by sparse mixer (Abdin et al. 2024). */
final class PhimoeFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 32064, "hidden_size": 4096, "intermediate_size": 6400,
       "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
       "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
       "bos_token_id": 1, "eos_token_id": 2, "rope_theta": 1000000.0, "num_experts_per_tok": 2,
       "num_local_experts": 16, "router_jitter_noise": 0.01, "attention_bias": false,
       "lm_head_bias": false}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("phimoe");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    Decoder decoder =
        new Decoder(config, tensors)
            .norms(NormSpec.Kind.LAYER, "rms_norm_eps", true)
            .headBias(config.given("lm_head_bias"));
    boolean bias = config.given("attention_bias");
    AttentionReader attention =
        new AttentionReader(decoder).types(WindowRules.everywhere(decoder)).biases(bias, bias);
    ExpertCounts counts = ExpertCounts.read(config, "intermediate_size");
    if (counts.k() != 2) {
      throw config.refuse("num_experts_per_tok is " + counts.k() + ", supported: 2");
    }
    RoutedBlocks blocks = new RoutedBlocks(decoder, counts, "block_sparse_moe.");
    double jitter = config.nonZero("router_jitter_noise").orElse(0.0);
    GatingSpec policy = new GatingSpec.SparseMixer((float) jitter);
    return decoder.sequential(attention::read, layer -> blocks.read(layer, policy));
  }
}
