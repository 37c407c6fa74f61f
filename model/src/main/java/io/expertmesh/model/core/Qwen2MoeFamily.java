package io.expertmesh.model.core;

import java.util.Optional;
import java.util.Set;

/** Qwen2-MoE: routed experts and one shared expert with a gate of its own (Yang et al. 2024). */
final class Qwen2MoeFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 5632,
       "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 16,
       "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "use_sliding_window": false, "sliding_window": 4096,
       "max_window_layers": 28, "decoder_sparse_step": 1, "moe_intermediate_size": 1408,
       "shared_expert_intermediate_size": 5632, "num_experts_per_tok": 4, "num_local_experts": 60,
       "norm_topk_prob": false, "qkv_bias": true}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen2_moe");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    Decoder decoder = new Decoder(config, tensors);
    AttentionReader attention =
        new AttentionReader(decoder)
            .types(WindowRules.upper(decoder))
            .biases(config.given("qkv_bias"), false);
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
          RoutedBlocks blocks = new RoutedBlocks(decoder, counts, "mlp.");
          GatingSpec policy =
              new GatingSpec.SoftmaxTopK(counts.k(), config.given("norm_topk_prob"), 1);
          String block = blocks.block(layer);
          var shared =
              new RoutedFfn.SharedExpert(
                  networks.dense(
                      block + "shared_expert.",
                      config.positive("shared_expert_intermediate_size"),
                      false),
                  Optional.of(
                      tensors.matrix(
                          block + "shared_expert_gate.weight", 1, decoder.shape().hidden())));
          return blocks.read(layer, policy).withShared(shared);
        });
  }
}
