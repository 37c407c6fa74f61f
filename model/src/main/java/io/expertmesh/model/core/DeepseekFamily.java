package io.expertmesh.model.core;

import java.util.Optional;
import java.util.Set;

/**
 * DeepSeek-V2 and V3: latent attention, dense first layers, and routed experts with shared ones
 * beside them (DeepSeek-AI 2024). V2 scores experts by softmax, V3 by sigmoid with a correction
 * bias. The layers for predicting several tokens are not part of the model.
 */
final class DeepseekFamily implements ModelFamily {
  private static final String V2 =
      """
      {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008,
       "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
       "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "bos_token_id": 1,
       "eos_token_id": 2, "rope_theta": 10000.0, "attention_bias": false, "mlp_bias": false,
       "first_k_dense_replace": 0, "kv_lora_rank": 512, "q_lora_rank": 1536,
       "num_local_experts": 64, "n_shared_experts": 2, "qk_nope_head_dim": 128,
       "qk_rope_head_dim": 64, "routed_scaling_factor": 1.0, "topk_method": "greedy",
       "v_head_dim": 128, "moe_intermediate_size": 1407}
      """;
  private static final String V3 =
      """
      {"vocab_size": 129280, "hidden_size": 7168, "intermediate_size": 18432,
       "num_hidden_layers": 61, "num_attention_heads": 128, "hidden_act": "silu",
       "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "bos_token_id": 0,
       "eos_token_id": 1, "rope_theta": 10000.0, "attention_bias": false, "mlp_bias": false,
       "first_k_dense_replace": 3, "kv_lora_rank": 512, "q_lora_rank": 1536,
       "num_local_experts": 256, "n_shared_experts": 1, "qk_nope_head_dim": 128,
       "qk_rope_head_dim": 64, "routed_scaling_factor": 2.5, "topk_method": "noaux_tc",
       "norm_topk_prob": true, "v_head_dim": 128, "moe_intermediate_size": 2048,
       "rope_interleave": true, "n_group": 8, "topk_group": 4,
       "num_experts_per_tok": 8}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("deepseek_v2", "deepseek_v3");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    boolean third = file.text("model_type").filter("deepseek_v3"::equals).isPresent();
    ModelConfig config = file.withDefaults(third ? V3 : V2);
    config.allowOnly("mlp_bias", false);
    Decoder decoder = new Decoder(config, tensors, DecoderShape.withoutHeadDim(config));
    LatentAttentionReader attention =
        new LatentAttentionReader(decoder, !third || config.given("rope_interleave"));
    FeedForwards networks = FeedForwards.of(decoder);
    ExpertCounts counts = ExpertCounts.read(config, "moe_intermediate_size");
    RoutedBlocks blocks = new RoutedBlocks(decoder, counts, "mlp.");
    DeepseekGates gates = new DeepseekGates(config, tensors, counts, third);
    int dense = config.natural("first_k_dense_replace");
    int step = config.optionalPositive("moe_layer_freq").orElse(1);
    int inner = config.positive("intermediate_size");
    int shared = config.integers("n_shared_experts").stream().findFirst().orElse(0);
    return decoder.sequential(
        attention::read,
        layer -> {
          if (layer < dense || layer % step != 0) {
            return networks.dense(Decoder.prefix(layer) + "mlp.", inner, false);
          }
          String block = blocks.block(layer);
          RoutedFfn routed =
              new RoutedFfn(
                  gates.read(block, blocks.gate(block)), blocks.experts(block), Optional.empty());
          if (shared == 0) {
            return routed;
          }
          int width = Math.multiplyExact(counts.inner(), shared);
          DenseFfn network = networks.dense(block + "shared_experts.", width, false);
          return routed.withShared(new RoutedFfn.SharedExpert(network, Optional.empty()));
        });
  }
}
