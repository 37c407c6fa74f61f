package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One sentence for everything that a config asks for and nobody computes. */
class FamilyRefusalsTest {
  private final Path dir;

  FamilyRefusalsTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "deepseek-v3 | topk_method | \"greedy\" | topk_method is \"greedy\", supported: noaux_tc",
        "deepseek-v3 | scoring_func | \"softmax\" | scoring_func is \"softmax\", supported: sigmoid",
        "deepseek-v3 | n_group | 3 | n_group is 3, must divide the number of experts, 16",
        "deepseek-v3 | topk_group | 5 | topk_group is 5, n_group is only 4",
        "deepseek-v3 | num_experts_per_tok | 9 | topk_group is 2 groups of 4 experts, too few for num_experts_per_tok, which is 9",
        "deepseek-v3 | qk_rope_head_dim | 7 | head_dim is 7, rotary positions need an even number",
        "deepseek-v3 | layer_types | [\"full_attention\", \"full_attention\", \"sliding_attention\"] | layer_types has \"sliding_attention\", but latent attention has no window",
        "deepseek-v3 | rope_parameters | {\"rope_theta\": 1e4, \"rope_type\": \"default\", \"partial_rotary_factor\": 0.5} | partial_rotary_factor is not 1, which latent attention does not know",
        "deepseek-v3 | quantization_config | {\"quant_method\": \"fp8\"} | quantization_config.weight_block_size is [], supported: rows and columns, such as [128, 128]",
        "deepseek-v3 | quantization_config | {\"quant_method\": \"fp8\", \"fmt\": \"e5m2\", \"weight_block_size\": [128, 128]} | quantization_config.fmt is \"e5m2\", supported: e4m3",
        "deepseek-v3 | quantization_config | {\"quant_method\": \"mxfp4\"} | quantization_config.quant_method is \"mxfp4\", supported: it is only known for gpt_oss",
        "qwen2-moe | mlp_only_layers | [3] | mlp_only_layers names layer 3, num_hidden_layers is only 3",
        "qwen2-moe | decoder_sparse_step | 0 | decoder_sparse_step is 0, supported: a whole number of at least 1",
        "qwen2-moe | layer_types | [\"full_attention\", \"full_attention\", \"sliding_attention\"] | layer_types has \"sliding_attention\", but use_sliding_window is false",
        "qwen2-moe | num_local_experts | 4 | num_local_experts is 4, num_experts is 8: they must agree",
        "qwen3-moe | rope_scaling | {\"rope_type\": \"linear\", \"factor\": 2.0} | rope_scaling and rope_parameters are both given and differ",
        "qwen3-moe | norm_topk_prob | \"yes\" | norm_topk_prob is \"yes\", supported: true or false",
        "olmoe | clip_qkv | -1 | clip_qkv is -1, supported: a number above 0",
        "olmoe | hidden_act | \"swiglu_oai\" | hidden_act is \"swiglu_oai\", supported: silu, swish, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, quick_gelu, relu",
        "phimoe | num_experts_per_tok | 1 | num_experts_per_tok is 1, supported: 2",
        "phimoe | rope_parameters | {\"rope_theta\": 1e6, \"rope_type\": \"longrope\", \"short_factor\": [1, 1], \"long_factor\": [1, 1], \"factor\": 2} | rope_parameters.short_factor has 2 factors, the heads have 8 frequencies",
        "gpt-oss | hidden_act | \"gelu\" | hidden_act is \"gelu\", supported: silu",
        "gpt-oss | layer_types | [\"sliding_attention\", \"chunked_attention\", \"full_attention\"] | layer_types is \"chunked_attention\", supported: full_attention, sliding_attention",
        "gpt-oss | experts_per_token | 2 | num_experts_per_tok is 4, experts_per_token is 2: they must agree",
        "palm-shape | logit_scale | 0 | logit_scale is 0, supported: a number above 0",
      })
  void whatAFamilyDoesNotKnowIsRefusedByName(String golden, String key, String json, String rule) {
    Path written = new EditedCheckpoint(dir, golden).with(key, json).write();
    assertThatThrownBy(() -> Checkpoints.open(written))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(dir.resolve("config.json") + ": " + rule + ".");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "qwen2-moe | qkv_bias | false | model.layers.0.self_attn.k_proj.bias",
        "qwen3-moe | num_hidden_layers | 2 | model.layers.2.input_layernorm.weight",
        "gpt-oss | attention_bias | false | model.layers.0.self_attn.k_proj.bias",
        "deepseek-v3 | n_shared_experts | 0 | model.layers.1.mlp.shared_experts.down_proj.weight",
      })
  void tensorsThatTheConfigDoesNotDescribeAreRefused(
      String golden, String key, String json, String tensor) {
    Path written = new EditedCheckpoint(dir, golden).with(key, json).write();
    assertThatThrownBy(() -> Checkpoints.open(written))
        .hasMessage(
            dir.resolve("model.safetensors")
                + ", tensor '"
                + tensor
                + "': is not part of the model that the config describes.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "qwen2-moe | model.layers.1.mlp.experts.5.up_proj.weight",
        "qwen2-moe | model.layers.1.mlp.shared_expert_gate.weight",
        "qwen3-moe | model.layers.0.self_attn.q_norm.weight",
        "olmoe | model.layers.2.mlp.gate.weight",
        "deepseek-v3 | model.layers.2.mlp.gate.e_score_correction_bias",
        "deepseek-v3 | model.layers.0.self_attn.kv_a_layernorm.weight",
        "phimoe | model.norm.bias",
        "gpt-oss | model.layers.1.self_attn.sinks",
        "gpt-oss | model.layers.1.mlp.experts.down_proj_bias",
        "palm-shape | model.layers.0.mlp.gate_proj.weight",
      })
  void everyTensorOfTheModelMustBeThere(String golden, String tensor) {
    Path written = new EditedCheckpoint(dir, golden).withoutTensor(tensor).write();
    assertThatThrownBy(() -> Checkpoints.open(written))
        .hasMessage(
            dir.resolve("model.safetensors")
                + ", tensor '"
                + tensor
                + "': is missing from the checkpoint.");
  }

  @Test
  void aPackedConfigNeedsPackedTensors() {
    EditedCheckpoint edited =
        new EditedCheckpoint(dir, "gpt-oss")
            .with("quantization_config", "{\"quant_method\": \"mxfp4\"}");
    assertThatThrownBy(edited::open)
        .hasMessageContaining(
            "'model.layers.0.mlp.experts.gate_up_proj_blocks': is missing from the checkpoint.");
  }

  @Test
  void blocksOfTheWrongShapeAreRefused() {
    String name = "model.layers.0.mlp.experts.gate_up_proj";
    EditedCheckpoint edited =
        new EditedCheckpoint(dir, "gpt-oss")
            .withoutTensor(name)
            .withTensor(bytes(name + "_blocks", 8, 192, 2, 8))
            .withTensor(bytes(name + "_scales", 8, 192, 2));
    assertThatThrownBy(edited::open)
        .hasMessageContaining("has shape [8, 192, 2, 8], the config makes it [8, 192, 2, 16].");
  }

  private static TensorSource bytes(String name, long... shape) {
    long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return Layouts.raw(name, TensorType.U8, new byte[(int) count], shape);
  }
}
