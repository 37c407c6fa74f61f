package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.kernel.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {
  private final Path dir;

  ConfigTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "model_type | \"mamba\" | model_type is \"mamba\", supported: cohere, cohere2, deepseek_v2, deepseek_v3, gemma, gemma2, gpt_oss, granite, granitemoe, granitemoeshared, llama, mistral, mixtral, olmoe, palm, phimoe, qwen2, qwen2_moe, qwen3, qwen3_moe",
        "model_type | null | model_type is missing",
        "model_type | 7 | model_type is 7, supported: a string",
        "hidden_act | \"mish\" | hidden_act is \"mish\", supported: silu, swish, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, quick_gelu, relu",
        "layer_types | [\"full_attention\"] | layer_types has 1 entries, num_hidden_layers is 3",
        "layer_types | [\"full_attention\", \"full_attention\", \"linear_attention\"] | layer_types is \"linear_attention\", supported: full_attention, sliding_attention",
        "num_experts | 16 | num_local_experts is 8, num_experts is 16: they must agree",
        "hidden_size | null | hidden_size is missing",
        "hidden_size | 0 | hidden_size is 0, supported: a whole number of at least 1",
        "hidden_size | -64 | hidden_size is -64, supported: a whole number from 0 to 2147483647",
        "hidden_size | 64.0 | hidden_size is 64.0, supported: a whole number from 0 to 2147483647",
        "hidden_size | 1e99 | hidden_size is 1.0E99, supported: a whole number from 0 to 2147483647",
        "hidden_size | \"64\" | hidden_size is \"64\", supported: a whole number from 0 to 2147483647",
        "hidden_size | 66 | hidden_size is 66, must be a multiple of num_attention_heads, which is 4, where head_dim is not given",
        "head_dim | 15 | head_dim is 15, rotary positions need an even number",
        "num_key_value_heads | 3 | num_attention_heads is 4, must be a multiple of num_key_value_heads, which is 3",
        "num_experts_per_tok | 9 | num_experts_per_tok is 9, num_local_experts is only 8",
        "num_experts_per_tok | null | num_experts_per_tok is missing",
        "num_local_experts | null | num_local_experts is missing",
        "intermediate_size | 2147483647 | intermediate_size is 2147483647, which is too large",
        "head_dim | 1073741824 | num_attention_heads times head_dim is too large",
        "rms_norm_eps | 0 | rms_norm_eps is 0, supported: a number above 0",
        "rms_norm_eps | null | rms_norm_eps is missing",
        "rms_norm_eps | \"1e-5\" | rms_norm_eps is \"1e-5\", supported: a number above 0",
        "rope_theta | -1 | rope_theta is -1, supported: a number above 0",
        "rope_scaling | {\"type\": \"ntk\", \"factor\": 4} | rope_scaling.type is \"ntk\", supported: default, linear, dynamic, yarn, llama3, longrope",
        "rope_scaling | {\"factor\": 4} | rope_scaling.rope_type is missing",
        "rope_scaling | \"yarn\" | rope_scaling is \"yarn\", supported: an object",
        "rope_parameters | {\"rope_type\": \"llama3\"} | rope_parameters.factor is missing",
        "rope_parameters | {\"factor\": 4} | rope_parameters.rope_type is missing",
        "rope_parameters | {\"sliding_attention\": {\"rope_type\": \"default\"}} | rope_parameters.full_attention is missing, there are layers of this type",
        "partial_rotary_factor | 0.2 | partial_rotary_factor is 0.2, which rotates 3 of 16 dimensions, supported: an even number of them",
        "sliding_window | 0 | sliding_window is 0, supported: a whole number of at least 1",
        "attention_bias | true | attention_bias is true, supported: false",
        "tie_word_embeddings | 1 | tie_word_embeddings is 1, supported: true or false",
        "torch_dtype | \"float8\" | torch_dtype is \"float8\", supported: float32, bfloat16, float16",
        "eos_token_id | [2, \"x\"] | eos_token_id is \"x\", supported: a whole number from 0 to 2147483647",
        "bos_token_id | -1 | bos_token_id is -1, supported: a whole number from 0 to 2147483647",
        "max_position_embeddings | null | max_position_embeddings is missing",
        "quantization_config | {\"quant_method\": \"gptq\", \"bits\": 4} | quantization_config.quant_method is \"gptq\", supported: fp8, mxfp4, or unquantized weights in float32, bfloat16 or float16",
      })
  void whatIsNotSupportedIsRefusedByName(String key, String json, String rule) {
    Path written = new EditedCheckpoint(dir, "mixtral").with(key, json).write();
    assertThatThrownBy(() -> Checkpoints.open(written))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(dir.resolve("config.json") + ": " + rule + ".");
  }

  @ParameterizedTest
  @CsvSource({
    "attention_bias, model.layers.0.self_attn.q_proj.bias",
    "mlp_bias, model.layers.0.mlp.gate_proj.bias"
  })
  void biasesThatTheConfigNamesMustBeThere(String key, String tensor) {
    Path written = new EditedCheckpoint(dir, "llama-dense").with(key, "true").write();
    assertThatThrownBy(() -> Checkpoints.open(written))
        .hasMessageContaining("tensor '" + tensor + "': is missing from the checkpoint.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "vocab_size | 319 | model.embed_tokens.weight | [320, 64] | [319, 64]",
        "intermediate_size | 95 | model.layers.0.block_sparse_moe.experts.0.w1.weight | [96, 64] | [95, 64]",
        "num_local_experts | 7 | model.layers.0.block_sparse_moe.gate.weight | [8, 64] | [7, 64]",
        "num_key_value_heads | 4 | model.layers.0.self_attn.k_proj.weight | [32, 64] | [64, 64]",
        "head_dim | 8 | model.layers.0.self_attn.q_proj.weight | [64, 64] | [32, 64]",
      })
  void tensorsThatContradictTheConfigAreRefused(
      String key, String value, String tensor, String shape, String expected) {
    Path written = new EditedCheckpoint(dir, "mixtral").with(key, value).write();
    assertThatThrownBy(() -> Checkpoints.open(written))
        .hasMessage(
            "%s, tensor '%s': has shape %s, the config makes it %s.",
            dir.resolve("model.safetensors"), tensor, shape, expected);
  }

  @Test
  void everyMatrixOfEveryExpertMustBeThere() {
    for (String matrix : new String[] {"w1", "w2", "w3"}) {
      String name = "model.layers.2.block_sparse_moe.experts.7." + matrix + ".weight";
      Path written = new EditedCheckpoint(dir, "mixtral").withoutTensor(name).write();
      assertThatThrownBy(() -> Checkpoints.open(written))
          .hasMessage(
              dir.resolve("model.safetensors")
                  + ", tensor '"
                  + name
                  + "': is missing from the checkpoint.");
    }
  }

  @Test
  void missingLayersAndExpertsAreNamed() {
    Path written = new EditedCheckpoint(dir, "mixtral").with("num_hidden_layers", "4").write();
    assertThatThrownBy(() -> Checkpoints.open(written))
        .hasMessageContaining("tensor 'model.layers.3.input_layernorm.weight': is missing");
    Path more =
        new EditedCheckpoint(dir, "mixtral").with("num_local_experts", "2147483647").write();
    assertThatThrownBy(() -> Checkpoints.open(more))
        .hasMessageContaining("block_sparse_moe.experts.8.w1.weight': is missing");
  }

  @Test
  void weightsOfIntegersAreRefused() {
    EditedCheckpoint edited = new EditedCheckpoint(dir, "mixtral");
    TensorSource norm = edited.tensor("model.norm.weight");
    edited.withTensor(new TensorSource(norm.name(), TensorType.I32, norm.shape(), norm.content()));
    assertThatThrownBy(edited::open)
        .hasMessageContaining(
            "tensor 'model.norm.weight': is of type I32, supported are F32, BF16 and F16.");
  }

  @Test
  void bothSpellingsOfRotaryPositionsAreRead() {
    EditedCheckpoint edited =
        new EditedCheckpoint(dir, "mixtral")
            .without("rope_theta")
            .with("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 12345.5}");
    assertThat(attention(edited).position()).isEqualTo(RopeSpec.plain(12345.5, 16));
    edited.without("rope_parameters");
    assertThat(attention(edited).position()).isEqualTo(RopeSpec.plain(1_000_000, 16));
    edited.with("rope_scaling", "{\"type\": \"default\"}").with("rope_theta", "500");
    assertThat(attention(edited).position()).isEqualTo(RopeSpec.plain(500, 16));
    assertThat(attention(new EditedCheckpoint(dir, "llama-dense").without("rope_theta")).position())
        .isEqualTo(RopeSpec.plain(10_000, 16));
  }

  @Test
  void headsAndWindowsFollowTheConfig() {
    EditedCheckpoint edited = new EditedCheckpoint(dir, "mixtral").with("sliding_window", "9");
    assertThat(attention(edited).window()).isEqualTo(OptionalInt.of(9));
    // four heads of 8 would be 32 rows of q_proj: with two kv heads of 16 only head_dim 16 fits
    edited.with("num_attention_heads", "4").with("head_dim", "16");
    assertThat(attention(edited).headDim()).isEqualTo(16);
    Path multiHead =
        new EditedCheckpoint(dir, "llama-dense").without("num_key_value_heads").write();
    assertThatThrownBy(() -> Checkpoints.open(multiHead))
        .hasMessageContaining("k_proj.weight': has shape [32, 64], the config makes it [64, 64]");
  }

  @Test
  void aHeadThatIsNotOnDiskIsTheEmbedding() {
    EditedCheckpoint edited = new EditedCheckpoint(dir, "mixtral").withoutTensor("lm_head.weight");
    assertThatThrownBy(edited::open).hasMessageContaining("'lm_head.weight': is missing");
    for (String tied : new String[] {"true", "null"}) {
      try (Checkpoint checkpoint = edited.with("tie_word_embeddings", tied).open()) {
        assertThat(checkpoint.spec().tied()).isTrue();
      }
    }
  }

  @Test
  void dtypesAreReadInBothSpellings() {
    EditedCheckpoint edited = new EditedCheckpoint(dir, "mixtral-bf16");
    assertThat(dtype(edited.with("torch_dtype", "\"torch.float16\""))).isEqualTo(DType.F16);
    assertThat(dtype(edited.with("dtype", "\"float32\""))).isEqualTo(DType.F32);
    assertThat(dtype(edited.without("dtype", "torch_dtype"))).isEqualTo(DType.BF16);
  }

  @Test
  void endOfSequenceIdsComeFromBothFiles() throws IOException {
    EditedCheckpoint edited = new EditedCheckpoint(dir, "mixtral");
    Files.writeString(dir.resolve("generation_config.json"), "{\"eos_token_id\": [7, 3, 2]}");
    try (Checkpoint checkpoint = edited.with("eos_token_id", "[2, 5]").open()) {
      assertThat(checkpoint.spec().eosTokenIds()).containsExactly(2, 5, 7, 3);
    }
    Files.delete(dir.resolve("generation_config.json"));
    edited.with("eos_token_id", "null").with("bos_token_id", "null");
    try (Checkpoint checkpoint = edited.open()) {
      assertThat(checkpoint.spec().eosTokenIds()).isEmpty();
      assertThat(checkpoint.spec().bosTokenId()).isEmpty();
    }
  }

  @Test
  void filesThatAreNotConfigsAreRefused() throws IOException {
    Path config = new EditedCheckpoint(dir, "mixtral").write().resolve("config.json");
    Files.writeString(config, "[1]");
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessage(config + ": must hold a JSON object.");
    Files.writeString(config, "{\"a\":1,\"a\":2}");
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessageStartingWith(config + ": its JSON is invalid: Duplicate Object property \"a\"");
    Files.writeString(config, "{} {}");
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessageStartingWith(config + ": its JSON is invalid: ");
    Files.writeString(config, "{\"a\":".repeat(10_000));
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessageStartingWith(config + ": its JSON is invalid: ");
    Files.delete(config);
    assertThatThrownBy(() -> Checkpoints.open(dir)).hasMessage(config + ": the file is missing.");
    assertThatThrownBy(() -> Checkpoints.open(dir.resolve("none")))
        .hasMessage(dir.resolve("none") + ": there is no such directory.");
    assertThatThrownBy(() -> Checkpoints.open(dir.resolve("model.safetensors")))
        .hasMessage(dir.resolve("model.safetensors") + ": is not a directory.");
  }

  private static AttentionSpec attention(EditedCheckpoint edited) {
    try (Checkpoint checkpoint = edited.open()) {
      return (AttentionSpec) checkpoint.spec().layers().getFirst().temporalMixer();
    }
  }

  private static DType dtype(EditedCheckpoint edited) {
    try (Checkpoint checkpoint = edited.open()) {
      return checkpoint.spec().storedDtype();
    }
  }
}
