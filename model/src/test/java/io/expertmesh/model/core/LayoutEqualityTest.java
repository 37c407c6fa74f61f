package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.kernel.DType;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The same weights in another layout, or the same arithmetic under another family's names, give the
 * same logits as a golden checkpoint.
 */
class LayoutEqualityTest {
  private static final List<String> QWEN = List.of("gate_proj", "up_proj", "down_proj");
  private static final List<String> MIXTRAL = List.of("w1", "w3", "w2");
  private static final long[] IDS = {1, 17, 300, 42, 5, 5, 99, 210, 7, 64, 128, 255, 3, 31};

  private final Path dir;

  LayoutEqualityTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @ParameterizedTest
  @CsvSource({"qwen2-moe, 0, 8", "olmoe, 0, 16", "deepseek-v3, 1, 16", "glam-shape, 1, 64"})
  void fusedExpertsAreTheSameModel(String golden, int firstRouted, int experts) {
    EditedCheckpoint edited = new EditedCheckpoint(dir, golden);
    for (int layer = firstRouted; layer < 4; layer++) {
      String block = "model.layers." + layer + ".mlp.experts.";
      if (edited.has(block + "0.gate_proj.weight")) {
        Layouts.fuse(edited, block, QWEN, experts, block + "gate_up_proj", block + "down_proj");
      }
    }
    assertSameLogits(edited, golden, 0);
  }

  @Test
  void aPhimoeMayUseTheNamesOfItsModules() {
    EditedCheckpoint edited = new EditedCheckpoint(dir, "phimoe");
    for (int layer = 0; layer < 3; layer++) {
      String old = "model.layers." + layer + ".block_sparse_moe.";
      String block = "model.layers." + layer + ".mlp.";
      Layouts.fuse(
          edited,
          old + "experts.",
          MIXTRAL,
          8,
          block + "experts.gate_up_proj",
          block + "experts.down_proj");
      edited.rename(old + "gate.weight", block + "router.weight");
    }
    assertSameLogits(edited, "phimoe", 0);
  }

  @Test
  void aGraniteWithNeutralFactorsIsAMixtral() {
    EditedCheckpoint edited =
        new EditedCheckpoint(dir, "mixtral")
            .with("model_type", "\"granitemoe\"")
            .with("attention_multiplier", "0.25");
    for (int layer = 0; layer < 3; layer++) {
      String block = "model.layers." + layer + ".block_sparse_moe.";
      Layouts.fuse(
          edited,
          block + "experts.",
          MIXTRAL,
          8,
          block + "input_linear.weight",
          block + "output_linear.weight");
      edited.rename(block + "gate.weight", block + "router.layer.weight");
    }
    assertSameLogits(edited, "mixtral", 1e-9);
  }

  @Test
  void theFactorsOfAGraniteCancelAsTheyShould() {
    // embeddings of half the size, doubled; outputs of half the size, doubled; logits times 3 / 3
    EditedCheckpoint edited =
        new EditedCheckpoint(dir, "llama-dense")
            .with("model_type", "\"granite\"")
            .with("attention_multiplier", "0.25")
            .with("embedding_multiplier", "2.0")
            .with("residual_multiplier", "2.0")
            .with("logits_scaling", "4.0");
    edited.scale("model.embed_tokens.weight", 0.5f);
    edited.scale("lm_head.weight", 4f);
    for (int layer = 0; layer < 3; layer++) {
      edited.scale("model.layers." + layer + ".self_attn.o_proj.weight", 0.5f);
      edited.scale("model.layers." + layer + ".mlp.down_proj.weight", 0.5f);
    }
    assertSameLogits(edited, "llama-dense", 1e-9);
  }

  @Test
  void aGraniteRunsItsSharedExpertBesideTheRoutedOnes() {
    // a shared expert of zeros adds nothing
    EditedCheckpoint edited =
        new EditedCheckpoint(dir, "mixtral")
            .with("model_type", "\"granitemoeshared\"")
            .with("attention_multiplier", "0.25")
            .with("shared_intermediate_size", "32");
    for (int layer = 0; layer < 3; layer++) {
      String prefix = "model.layers." + layer + ".";
      String block = prefix + "block_sparse_moe.";
      Layouts.fuse(
          edited,
          block + "experts.",
          MIXTRAL,
          8,
          block + "input_linear.weight",
          block + "output_linear.weight");
      edited.rename(block + "gate.weight", block + "router.layer.weight");
      edited.withTensor(Layouts.zeros(prefix + "shared_mlp.input_linear.weight", 64, 64));
      edited.withTensor(Layouts.zeros(prefix + "shared_mlp.output_linear.weight", 64, 32));
    }
    assertSameLogits(edited, "mixtral", 1e-9);
    try (Checkpoint checkpoint = Checkpoints.open(dir)) {
      DenseFfn shared = checkpoint.spec().routed(1).orElseThrow().shared().orElseThrow().network();
      assertThat(shared.inner()).isEqualTo(32);
      assertThat(shared.gate().orElseThrow().weight().rowFrom()).isZero();
      assertThat(shared.up().weight().rowFrom()).isEqualTo(32);
    }
  }

  @ParameterizedTest
  @CsvSource({"mistral", "qwen2", "gemma"})
  void aNeutralDenseModelIsALlama(String type) {
    EditedCheckpoint edited =
        new EditedCheckpoint(dir, "llama-dense").with("model_type", "\"" + type + "\"");
    switch (type) {
      case "mistral" -> edited.with("sliding_window", "null");
      case "qwen2" -> {
        for (int layer = 0; layer < 3; layer++) {
          String prefix = "model.layers." + layer + ".self_attn.";
          edited.withTensor(Layouts.zeros(prefix + "q_proj.bias", 64));
          edited.withTensor(Layouts.zeros(prefix + "k_proj.bias", 32));
          edited.withTensor(Layouts.zeros(prefix + "v_proj.bias", 32));
        }
      }
      default -> {
        // embeddings are multiplied by √64, norm weights by one more than is stored
        edited.with("hidden_activation", "\"silu\"").with("head_dim", "16");
        edited.scale("model.embed_tokens.weight", 0.125f);
        for (int layer = 0; layer < 3; layer++) {
          edited.shift("model.layers." + layer + ".input_layernorm.weight", -1);
          edited.shift("model.layers." + layer + ".post_attention_layernorm.weight", -1);
        }
        edited.shift("model.norm.weight", -1);
      }
    }
    assertSameLogits(edited, "llama-dense", 3e-6);
  }

  @Test
  void aPalmWithHalfSplitRotationIsACohereWithInterleavedOne() {
    assertSameLogits(palm(), "palm-shape", 1e-9);
  }

  /** The golden under PaLM's names, with the rows of queries and keys reordered. */
  private EditedCheckpoint palm() {
    EditedCheckpoint edited =
        new EditedCheckpoint(dir, "palm-shape")
            .with("model_type", "\"palm\"")
            .with("logits_scale", "0.5")
            .without("logit_scale");
    for (int layer = 0; layer < 3; layer++) {
      String prefix = "model.layers." + layer + ".";
      edited.rename(prefix + "input_layernorm.weight", prefix + "norm.weight");
      for (String name : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        edited.rename(prefix + "self_attn." + name + ".weight", prefix + name + ".weight");
      }
      for (String name : QWEN) {
        edited.rename(prefix + "mlp." + name + ".weight", prefix + name + ".weight");
      }
      halfSplit(edited, prefix + "q_proj.weight");
      halfSplit(edited, prefix + "k_proj.weight");
    }
    return edited;
  }

  @Test
  void aPalmMayHaveSlopesInThePlaceOfRotations() {
    EditedCheckpoint edited = palm().with("position_embedding_type", "\"alibi\"");
    try (Checkpoint checkpoint = edited.open()) {
      for (LayerSpec layer : checkpoint.spec().layers()) {
        assertThat(((AttentionSpec) layer.temporalMixer()).position())
            .isEqualTo(new PositionSpec.Alibi());
        assertThat(layer.parallel()).isTrue();
      }
    }
    assertThatThrownBy(() -> palm().with("position_embedding_type", "\"sinusoid\"").open())
        .hasMessageContaining("position_embedding_type is \"sinusoid\", supported: rope, alibi");
    assertThatThrownBy(() -> palm().with("norm_type", "\"batchnorm\"").open())
        .hasMessageContaining("norm_type is \"batchnorm\", supported: layernorm, rmsnorm");
  }

  /** Reorders the rows of every head of 16 from pairs to halves. */
  private static void halfSplit(EditedCheckpoint edited, String name) {
    float[] old = edited.floats(name);
    float[] reordered = new float[old.length];
    int width = 64;
    for (int row = 0; row < old.length / width; row++) {
      int inHead = row % 16;
      int from = row - inHead + (inHead < 8 ? 2 * inHead : 2 * (inHead - 8) + 1);
      System.arraycopy(old, from * width, reordered, row * width, width);
    }
    edited.withTensor(Layouts.floats(name, reordered, old.length / width, width));
  }

  @Test
  void expertsInFourBitBlocksAreTheValuesTheyStandFor() {
    long seed = 77;
    Random random = new Random(seed);
    EditedCheckpoint packed =
        new EditedCheckpoint(dir.resolve("packed"), "gpt-oss")
            .with("quantization_config", "{\"quant_method\": \"mxfp4\"}");
    EditedCheckpoint plain = new EditedCheckpoint(dir.resolve("plain"), "gpt-oss");
    for (int layer = 0; layer < 3; layer++) {
      String prefix = "model.layers." + layer + ".mlp.experts.";
      pack(random, prefix + "gate_up_proj", packed, plain, 192, 64);
      pack(random, prefix + "down_proj", packed, plain, 64, 96);
    }
    try (Checkpoint a = packed.open();
        Checkpoint b = plain.open()) {
      DenseFfn expert = a.spec().routed(0).orElseThrow().experts().get(3);
      assertThat(a.dtype(expert.up().weight())).isEqualTo(DType.BF16);
      assertThat(new ForwardReference(a, DType.F32).run(IDS).logits())
          .as("seed %s", seed)
          .isDeepEqualTo(new ForwardReference(b, DType.F32).run(IDS).logits());
      // half a byte and a 32nd of a byte on disk; as bf16 in memory
      long expertBytes = WeightBudget.of(a).layers().getFirst().expert();
      assertThat(expertBytes).isEqualTo(3L * 64 * 96 * 2 + (192 + 64) * 4);
    }
  }

  @Test
  void aGptOssUnderItsFirstNamesIsTheSameModel() {
    long seed = 79;
    Random random = new Random(seed);
    EditedCheckpoint converted = new EditedCheckpoint(dir.resolve("converted"), "gpt-oss");
    EditedCheckpoint first = new EditedCheckpoint(dir.resolve("first"), "gpt-oss");
    first
        .without("model_type", "rope_parameters", "num_local_experts", "num_experts_per_tok")
        .with("num_experts", "8")
        .with("experts_per_token", "4")
        .with("initial_context_length", "4096")
        .with("rope_theta", "150000")
        .with("rope_scaling_factor", "32.0")
        .with("rope_ntk_alpha", "1")
        .with("rope_ntk_beta", "32");
    first.rename("model.embed_tokens.weight", "embedding.weight");
    first.rename("lm_head.weight", "unembedding.weight");
    first.rename("model.norm.weight", "norm.scale");
    for (int layer = 0; layer < 3; layer++) {
      String old = "model.layers." + layer + ".";
      String block = "block." + layer + ".";
      EditedCheckpoint plain = new EditedCheckpoint(dir.resolve("unused"), "gpt-oss");
      for (String name : List.of("gate_up_proj", "down_proj")) {
        boolean up = name.equals("gate_up_proj");
        String stacked = old + "mlp.experts." + name;
        pack(random, stacked, converted, plain, up ? 192 : 64, up ? 64 : 96);
        first.withoutTensor(stacked);
        first.withTensor(converted.tensor(stacked + "_blocks"));
        first.withTensor(converted.tensor(stacked + "_scales"));
        String mlp = block + "mlp." + (up ? "mlp1" : "mlp2");
        first.rename(stacked + "_blocks", mlp + "_weight.blocks");
        first.rename(stacked + "_scales", mlp + "_weight.scales");
        first.rename(stacked + "_bias", mlp + "_bias");
      }
      first.rename(old + "input_layernorm.weight", block + "attn.norm.scale");
      first.rename(old + "post_attention_layernorm.weight", block + "mlp.norm.scale");
      first.rename(old + "self_attn.sinks", block + "attn.sinks");
      for (String part : List.of("weight", "bias")) {
        first.rename(old + "self_attn.o_proj." + part, block + "attn.out." + part);
        first.rename(old + "mlp.router." + part, block + "mlp.gate." + part);
        ByteArrayOutputStream fused = new ByteArrayOutputStream();
        for (String projection : List.of("q_proj.", "k_proj.", "v_proj.")) {
          String name = old + "self_attn." + projection + part;
          fused.writeBytes(first.bytes(name));
          first.withoutTensor(name);
        }
        long[] shape = part.equals("bias") ? new long[] {128} : new long[] {128, 64};
        first.withTensor(
            Layouts.raw(block + "attn.qkv." + part, TensorType.F32, fused.toByteArray(), shape));
      }
    }
    try (Checkpoint a = converted.open();
        Checkpoint b = first.open()) {
      assertThat(b.spec().family()).isEqualTo("gpt_oss");
      assertThat(b.spec().maxPositions()).isEqualTo(131_072);
      assertThat(new ForwardReference(b, DType.F32).run(IDS).logits())
          .as("seed %s", seed)
          .isDeepEqualTo(new ForwardReference(a, DType.F32).run(IDS).logits());
    }
  }

  private static void pack(
      Random random,
      String name,
      EditedCheckpoint packed,
      EditedCheckpoint plain,
      int rows,
      int columns) {
    float[] magnitudes = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    byte[] blocks = new byte[8 * rows * columns / 2];
    byte[] scales = new byte[8 * rows * columns / 32];
    float[] inputMajor = new float[8 * rows * columns];
    random.nextBytes(blocks);
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (byte) (123 + random.nextInt(3));
    }
    for (int i = 0; i < inputMajor.length; i++) {
      int nibble = i % 2 == 0 ? blocks[i / 2] & 15 : (blocks[i / 2] >> 4) & 15;
      float magnitude = Math.scalb(magnitudes[nibble & 7], scales[i / 32] - 127);
      int slice = i / (rows * columns);
      int row = i / columns % rows;
      int at = slice * rows * columns + i % columns * rows + row;
      inputMajor[at] = nibble < 8 ? magnitude : -magnitude;
    }
    packed
        .withoutTensor(name)
        .withTensor(Layouts.raw(name + "_blocks", TensorType.U8, blocks, 8, rows, columns / 32, 16))
        .withTensor(Layouts.raw(name + "_scales", TensorType.U8, scales, 8, rows, columns / 32));
    plain.withTensor(Layouts.floats(name, inputMajor, 8, columns, rows));
  }

  @Test
  void matricesInEightBitBlocksAreTheValuesTheyStandFor() {
    long seed = 78;
    Random random = new Random(seed);
    EditedCheckpoint packed =
        new EditedCheckpoint(dir.resolve("packed"), "deepseek-v3")
            .with(
                "quantization_config",
                "{\"quant_method\": \"fp8\", \"fmt\": \"e4m3\", \"activation_scheme\": "
                    + "\"dynamic\", \"weight_block_size\": [16, 16]}");
    EditedCheckpoint plain = new EditedCheckpoint(dir.resolve("plain"), "deepseek-v3");
    String layer = "model.layers.2.";
    for (String name :
        List.of(
            "self_attn.q_a_proj",
            "self_attn.kv_b_proj",
            "self_attn.o_proj",
            "mlp.shared_experts.up_proj",
            "mlp.experts.0.gate_proj",
            "mlp.experts.7.down_proj",
            "mlp.experts.15.up_proj")) {
      Layouts.quantize(random, layer + name + ".weight", packed, plain);
    }
    try (Checkpoint a = packed.open();
        Checkpoint b = plain.open()) {
      assertThat(a.spec().storedDtype()).isEqualTo(DType.F32);
      assertThat(new ForwardReference(a, DType.F32).run(IDS).logits())
          .as("seed %s", seed)
          .isDeepEqualTo(new ForwardReference(b, DType.F32).run(IDS).logits());
      assertThat(WeightBudget.of(a)).isEqualTo(WeightBudget.of(b));
    }
  }

  private static void assertSameLogits(EditedCheckpoint edited, String golden, double tolerance) {
    try (Checkpoint other = edited.open();
        Checkpoint known = Checkpoints.open(GoldenCheckpointTest.GOLDEN.resolve(golden))) {
      double[][] logits = new ForwardReference(other, DType.F32).run(IDS).logits();
      double[][] expected = new ForwardReference(known, DType.F32).run(IDS).logits();
      for (int t = 0; t < IDS.length; t++) {
        for (int i = 0; i < expected[t].length; i++) {
          assertThat(logits[t][i]).isCloseTo(expected[t][i], Offset.offset(tolerance + 1e-300));
        }
      }
      assertThat(Arrays.stream(expected[0]).map(Math::abs).max().orElseThrow()).isGreaterThan(0.1);
    }
  }
}
