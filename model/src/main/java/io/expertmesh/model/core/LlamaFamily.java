package io.expertmesh.model.core;

import java.util.Set;

/** Llama: dense decoders with one gated feed-forward block per layer (Touvron et al. 2023). */
final class LlamaFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008,
       "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
       "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "bos_token_id": 1,
       "eos_token_id": 2, "rope_theta": 10000.0, "attention_bias": false, "mlp_bias": false}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("llama");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    Decoder decoder = new Decoder(config, tensors);
    boolean bias = config.given("attention_bias");
    AttentionReader attention = new AttentionReader(decoder).biases(bias, bias);
    FeedForwards networks = FeedForwards.of(decoder);
    int inner = config.positive("intermediate_size");
    boolean mlpBias = config.given("mlp_bias");
    return decoder.sequential(
        attention::read, layer -> networks.dense(Decoder.prefix(layer) + "mlp.", inner, mlpBias));
  }
}
