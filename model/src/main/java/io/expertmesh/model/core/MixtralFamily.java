package io.expertmesh.model.core;

import java.util.Set;

/**
 * Mixtral: Llama's decoder with a routed feed-forward block in every layer (Jiang et al. 2024).
 * Experts come as three matrices each, as published, or fused into two stacked tensors per layer.
 */
final class MixtralFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336,
       "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
       "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
       "bos_token_id": 1, "eos_token_id": 2, "rope_theta": 1000000.0, "num_local_experts": 8,
       "num_experts_per_tok": 2}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("mixtral");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    config.allowOnly("attention_bias", false);
    Decoder decoder = new Decoder(config, tensors);
    ExpertCounts counts = ExpertCounts.read(config, "intermediate_size");
    AttentionReader attention = new AttentionReader(decoder).types(WindowRules.everywhere(decoder));
    RoutedBlocks blocks = new RoutedBlocks(decoder, counts, "block_sparse_moe.");
    GatingSpec policy = GatingSpec.SoftmaxTopK.renormalized(counts.k());
    return decoder.sequential(attention::read, layer -> blocks.read(layer, policy));
  }
}
