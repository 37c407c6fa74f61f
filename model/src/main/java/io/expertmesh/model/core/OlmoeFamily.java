package io.expertmesh.model.core;

import java.util.Set;

/** OLMoE: routed experts in every layer, norms over whole queries and keys (Muennighoff 2024). */
final class OlmoeFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 50304, "hidden_size": 2048, "intermediate_size": 2048,
       "num_hidden_layers": 16, "num_attention_heads": 16, "hidden_act": "silu",
       "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "eos_token_id": 50279,
       "rope_theta": 10000.0, "attention_bias": false, "num_experts_per_tok": 8,
       "num_local_experts": 64, "norm_topk_prob": false}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("olmoe");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    Decoder decoder = new Decoder(config, tensors);
    boolean bias = config.given("attention_bias");
    AttentionReader attention =
        new AttentionReader(decoder)
            .biases(bias, bias)
            .queryKeyNorm(QueryKeyNorm.Scope.ALL_HEADS)
            .clip(config.optionalNumber("clip_qkv"));
    ExpertCounts counts = ExpertCounts.read(config, "intermediate_size");
    RoutedBlocks blocks = new RoutedBlocks(decoder, counts, "mlp.");
    GatingSpec policy = new GatingSpec.SoftmaxTopK(counts.k(), config.given("norm_topk_prob"), 1);
    return decoder.sequential(attention::read, layer -> blocks.read(layer, policy));
  }
}
