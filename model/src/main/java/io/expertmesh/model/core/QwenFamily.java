package io.expertmesh.model.core;

import java.util.Set;

/** Qwen2 and Qwen3: Llama's decoder; Qwen2 has biases on queries, keys and values, Qwen3 norms. */
final class QwenFamily implements ModelFamily {
  private static final String SECOND =
      """
      {"vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016,
       "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
       "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "use_sliding_window": false, "sliding_window": 4096,
       "max_window_layers": 28}
      """;
  private static final String THIRD =
      """
      {"vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016,
       "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
       "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "use_sliding_window": false, "sliding_window": 4096,
       "max_window_layers": 28, "attention_bias": false, "head_dim": 128}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen2", "qwen3");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    boolean third = file.text("model_type").filter("qwen3"::equals).isPresent();
    ModelConfig config = file.withDefaults(third ? THIRD : SECOND);
    Decoder decoder = new Decoder(config, tensors);
    AttentionReader attention = new AttentionReader(decoder).types(WindowRules.upper(decoder));
    if (third) {
      boolean bias = config.given("attention_bias");
      attention.biases(bias, bias).queryKeyNorm(QueryKeyNorm.Scope.HEAD);
    } else {
      attention.biases(true, false);
    }
    FeedForwards networks = FeedForwards.of(decoder);
    int inner = config.positive("intermediate_size");
    return decoder.sequential(
        attention::read, layer -> networks.dense(Decoder.prefix(layer) + "mlp.", inner, false));
  }
}
