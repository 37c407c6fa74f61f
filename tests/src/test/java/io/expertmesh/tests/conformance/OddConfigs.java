package io.expertmesh.tests.conformance;

import java.util.stream.Stream;

/** Configs of small models whose shapes and flags are not those of any golden checkpoint. */
final class OddConfigs {
  private static final String SIZES =
      """
      "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 3, "vocab_size": 61,
      "num_attention_heads": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
      "layer_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "torch_dtype": "float32",
      """;

  private static final String MIXTURE =
      """
      "hidden_size": 24, "intermediate_size": 28, "moe_intermediate_size": 20,
      "num_hidden_layers": 4, "vocab_size": 53, "num_attention_heads": 6,
      "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 5000.0,
      "hidden_act": "silu", "torch_dtype": "float32",
      """;

  private static final String LATENT =
      MIXTURE
          + """
          "kv_lora_rank": 14, "qk_nope_head_dim": 6, "qk_rope_head_dim": 4, "v_head_dim": 10,
          "n_routed_experts": 8, "routed_scaling_factor": 1.7,
          """;

  private OddConfigs() {}

  static Stream<String> all() {
    return Stream.of(dense(), mixtures(), latent()).flatMap(configs -> configs);
  }

  private static Stream<String> dense() {
    return Stream.of(
            """
            "model_type": "llama", "head_dim": 12, "num_key_value_heads": 1, "attention_bias": true,
            "mlp_bias": true, "tie_word_embeddings": true, "rope_scaling": {"rope_type": "llama3",
            "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16}
            """,
            """
            "model_type": "llama", "tie_word_embeddings": false, "rope_scaling": {"type": "linear",
            "factor": 2.5}
            """,
            """
            "model_type": "llama", "head_dim": 16, "num_key_value_heads": 2,
            "tie_word_embeddings": false, "partial_rotary_factor": 0.5, "rope_scaling": {
            "rope_type": "dynamic", "factor": 3.0, "original_max_position_embeddings": 16}
            """,
            """
            "model_type": "llama", "num_key_value_heads": 4, "tie_word_embeddings": false,
            "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 8.0,
            "original_max_position_embeddings": 16, "truncate": false}
            """,
            """
            "model_type": "mistral", "head_dim": 6, "num_key_value_heads": 2, "sliding_window": 5,
            "tie_word_embeddings": false
            """,
            """
            "model_type": "qwen2", "num_key_value_heads": 2, "use_sliding_window": true,
            "sliding_window": 4, "max_window_layers": 1, "tie_word_embeddings": true
            """,
            """
            "model_type": "qwen3", "head_dim": 12, "num_key_value_heads": 1,
            "attention_bias": false, "tie_word_embeddings": true, "rope_scaling": {
            "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}
            """,
            """
            "model_type": "qwen3", "head_dim": 10, "num_key_value_heads": 4, "attention_bias": true,
            "use_sliding_window": true, "sliding_window": 6, "tie_word_embeddings": false,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]
            """,
            """
            "model_type": "gemma", "head_dim": 12, "num_key_value_heads": 1,
            "hidden_activation": "gelu_pytorch_tanh", "tie_word_embeddings": true
            """,
            """
            "model_type": "gemma2", "head_dim": 12, "num_key_value_heads": 2,
            "hidden_activation": "gelu_pytorch_tanh", "tie_word_embeddings": true,
            "query_pre_attn_scalar": 20, "sliding_window": 5, "attn_logit_softcapping": 3.0,
            "final_logit_softcapping": 4.0
            """,
            """
            "model_type": "gemma2", "head_dim": 8, "num_key_value_heads": 4, "attention_bias": true,
            "hidden_activation": "gelu_pytorch_tanh", "tie_word_embeddings": false,
            "query_pre_attn_scalar": 8, "sliding_window": 7, "attn_logit_softcapping": null,
            "final_logit_softcapping": null,
            "layer_types": ["full_attention", "sliding_attention", "sliding_attention"]
            """,
            """
            "model_type": "cohere", "num_key_value_heads": 2, "use_qk_norm": true,
            "logit_scale": 0.5, "tie_word_embeddings": true, "attention_bias": false
            """,
            """
            "model_type": "cohere", "num_key_value_heads": 4, "use_qk_norm": false,
            "logit_scale": 1.5, "tie_word_embeddings": true, "attention_bias": true
            """,
            """
            "model_type": "cohere2", "num_key_value_heads": 1, "head_dim": 14, "logit_scale": 0.25,
            "sliding_window": 5, "sliding_window_pattern": 2, "tie_word_embeddings": true
            """,
            """
            "model_type": "cohere2", "num_key_value_heads": 2, "logit_scale": 1.0,
            "sliding_window": 6, "sliding_window_pattern": 4, "attention_bias": true,
            "layer_types": ["full_attention", "sliding_attention", "full_attention"],
            "tie_word_embeddings": true
            """,
            """
            "model_type": "granite", "num_key_value_heads": 2, "attention_bias": true,
            "mlp_bias": true, "embedding_multiplier": 3.0, "residual_multiplier": 0.4,
            "attention_multiplier": 0.2, "logits_scaling": 2.0, "tie_word_embeddings": true
            """)
        .map(config -> "{" + SIZES + config + "}");
  }

  private static Stream<String> mixtures() {
    return Stream.of(
            """
            "model_type": "mixtral", "num_key_value_heads": 6, "num_local_experts": 5,
            "num_experts_per_tok": 3, "sliding_window": 6, "tie_word_embeddings": false
            """,
            """
            "model_type": "mixtral", "num_key_value_heads": 1, "head_dim": 10,
            "num_local_experts": 3, "num_experts_per_tok": 3, "tie_word_embeddings": true
            """,
            """
            "model_type": "qwen2_moe", "num_key_value_heads": 3, "num_experts": 6,
            "num_experts_per_tok": 2, "norm_topk_prob": true, "decoder_sparse_step": 2,
            "mlp_only_layers": [1], "qkv_bias": false, "shared_expert_intermediate_size": 12,
            "tie_word_embeddings": false
            """,
            """
            "model_type": "qwen2_moe", "num_key_value_heads": 2, "num_experts": 7,
            "num_experts_per_tok": 4, "norm_topk_prob": false, "qkv_bias": true,
            "shared_expert_intermediate_size": 36, "use_sliding_window": true,
            "sliding_window": 5, "max_window_layers": 2, "tie_word_embeddings": true
            """,
            """
            "model_type": "qwen3_moe", "num_key_value_heads": 2, "head_dim": 14, "num_experts": 6,
            "num_experts_per_tok": 2, "norm_topk_prob": true, "mlp_only_layers": [0, 2],
            "attention_bias": true, "tie_word_embeddings": false
            """,
            """
            "model_type": "qwen3_moe", "num_key_value_heads": 1, "head_dim": 4, "num_experts": 9,
            "num_experts_per_tok": 1, "norm_topk_prob": false, "decoder_sparse_step": 3,
            "tie_word_embeddings": true
            """,
            """
            "model_type": "olmoe", "num_key_value_heads": 2, "num_experts": 8,
            "num_experts_per_tok": 3, "norm_topk_prob": true, "clip_qkv": 1.2,
            "attention_bias": true, "tie_word_embeddings": false
            """,
            """
            "model_type": "granitemoeshared", "num_key_value_heads": 3, "num_local_experts": 5,
            "num_experts_per_tok": 2, "shared_intermediate_size": 16, "attention_bias": true,
            "embedding_multiplier": 2.0, "residual_multiplier": 0.5, "attention_multiplier": 0.3,
            "logits_scaling": 3.0, "tie_word_embeddings": true
            """)
        .map(config -> "{" + MIXTURE + config + "}");
  }

  private static Stream<String> latent() {
    return Stream.of(
            """
            "model_type": "deepseek_v2", "q_lora_rank": null, "topk_method": "greedy",
            "num_experts_per_tok": 3, "n_shared_experts": 2, "first_k_dense_replace": 1,
            "tie_word_embeddings": false
            """,
            """
            "model_type": "deepseek_v2", "q_lora_rank": 11, "topk_method": "group_limited_greedy",
            "n_group": 4, "topk_group": 2, "num_experts_per_tok": 3, "n_shared_experts": 1,
            "first_k_dense_replace": 0, "tie_word_embeddings": true, "rope_scaling": {
            "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "mscale": 0.707,
            "mscale_all_dim": 0.707, "beta_fast": 32, "beta_slow": 1}
            """,
            """
            "model_type": "deepseek_v2", "q_lora_rank": 13, "topk_method": "greedy",
            "num_experts_per_tok": 2, "n_shared_experts": null, "first_k_dense_replace": 1,
            "moe_layer_freq": 2, "attention_bias": true, "tie_word_embeddings": false
            """,
            """
            "model_type": "deepseek_v3", "q_lora_rank": 12, "num_experts_per_tok": 4,
            "n_group": 1, "topk_group": 1, "norm_topk_prob": false, "n_shared_experts": 1,
            "first_k_dense_replace": 2, "rope_interleave": false, "tie_word_embeddings": false
            """,
            """
            "model_type": "deepseek_v3", "q_lora_rank": null, "num_experts_per_tok": 4,
            "n_group": 4, "topk_group": 3, "norm_topk_prob": true, "n_shared_experts": 2,
            "first_k_dense_replace": 0, "rope_interleave": true, "attention_bias": true,
            "tie_word_embeddings": true, "rope_scaling": {"rope_type": "yarn", "factor": 8.0,
            "original_max_position_embeddings": 8, "mscale": 1.0, "mscale_all_dim": 0.6}
            """)
        .map(config -> "{" + LATENT + config + "}");
  }
}
