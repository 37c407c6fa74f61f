package io.expertmesh.model.core;

import java.util.Set;

/** Qwen3-MoE: routed experts without a shared one, norms on every query and key head. */
final class Qwen3MoeFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 6144,
       "num_hidden_layers": 24, "num_attention_heads": 32, "num_key_value_heads": 4,
       "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "use_sliding_window": false, "sliding_window": 4096,
       "max_window_layers": 0, "attention_bias": false, "decoder_sparse_step": 1,
       "moe_intermediate_size": 768, "num_experts_per_tok": 8, "num_local_experts": 128,
       "norm_topk_prob": false}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen3_moe");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    Decoder decoder = new Decoder(config, tensors);
    boolean bias = config.given("attention_bias");
    AttentionReader attention =
        new AttentionReader(decoder)
            .types(WindowRules.upper(decoder))
            .biases(bias, bias)
            .queryKeyNorm(QueryKeyNorm.Scope.HEAD);
    SparseLayers sparse = SparseLayers.read(config, decoder.shape().layers());

    FeedForwards networks = FeedForwards.of(decoder);
    int inner = config.positive("intermediate_size");

    return decoder.sequential(
        attention::read,
        layer -> {
          if (!sparse.routed(layer)) {
            return networks.dense(Decoder.prefix(layer) + "mlp.", inner, false);
          }
          ExpertCounts counts = ExpertCounts.read(config, "moe_intermediate_size");
          GatingSpec policy =
              new GatingSpec.SoftmaxTopK(counts.k(), config.given("norm_topk_prob"), 1);
          return new RoutedBlocks(decoder, counts, "mlp.").read(layer, policy);
        });
  }
}
