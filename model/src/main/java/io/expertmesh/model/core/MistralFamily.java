package io.expertmesh.model.core;

import java.util.Set;

/** Mistral: Llama's decoder with a sliding window (Jiang et al. 2023). */
final class MistralFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336,
       "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
       "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-6,
       "bos_token_id": 1, "eos_token_id": 2, "rope_theta": 10000.0, "sliding_window": 4096}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("mistral");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    config.allowOnly("attention_bias", false);
    Decoder decoder = new Decoder(config, tensors);
    AttentionReader attention = new AttentionReader(decoder).types(WindowRules.everywhere(decoder));
    FeedForwards networks = FeedForwards.of(decoder);
    int inner = config.positive("intermediate_size");
    return decoder.sequential(
        attention::read, layer -> networks.dense(Decoder.prefix(layer) + "mlp.", inner, false));
  }
}
