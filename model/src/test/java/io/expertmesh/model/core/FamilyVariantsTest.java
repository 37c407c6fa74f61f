package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Flags and spellings that no golden checkpoint has: what becomes of them in the spec. */
class FamilyVariantsTest {
  private final Path dir;

  FamilyVariantsTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @Test
  void windowsFollowTheLayersThatAQwenNames() {
    EditedCheckpoint edited =
        edited("qwen2-moe")
            .without("layer_types")
            .with("use_sliding_window", "true")
            .with("sliding_window", "7")
            .with("max_window_layers", "1");
    assertThat(windows(edited)).containsExactly(0, 7, 7);
    edited.with(
        "layer_types", "[\"sliding_attention\", \"full_attention\", \"sliding_attention\"]");
    assertThat(windows(edited)).containsExactly(7, 0, 7);
    edited.with("use_sliding_window", "false").without("layer_types");
    assertThat(windows(edited)).containsExactly(0, 0, 0);
  }

  @Test
  void everySecondLayerOfAGptOssSlidesWhereNoTypesAreGiven() {
    assertThat(windows(edited("gpt-oss").without("layer_types"))).containsExactly(8, 0, 8);
  }

  @Test
  void theClassDefaultsHoldWhereAKeyIsAbsent() {
    RoutedFfn qwen = routed(edited("glam-shape").without("norm_topk_prob"), 1);
    assertThat(qwen.gate().policy()).isEqualTo(new GatingSpec.SoftmaxTopK(2, false, 1));
    RoutedFfn deepseek =
        routed(
            edited("deepseek-v3").without("norm_topk_prob", "routed_scaling_factor", "topk_group"),
            1);
    assertThat(deepseek.gate().policy()).isEqualTo(new GatingSpec.SigmoidTopK(4, 4, 4, true, 2.5f));
    assertThat(attention(edited("olmoe").without("rope_theta"), 0).position())
        .isEqualTo(RopeSpec.plain(10_000, 16));
  }

  @Test
  void aGptOssWithoutRopeKeysIsStretchedAsItsClassSays() {
    EditedCheckpoint edited = edited("gpt-oss").without("rope_parameters");
    RopeSpec rope = (RopeSpec) attention(edited, 0).position();
    double magnitude = 0.1 * Math.log(32) + 1;
    assertThat(rope)
        .isEqualTo(
            new RopeSpec(
                150_000, 16, false, new RopeScaling.Yarn(32, 4096, 32, 1, magnitude, false)));
    edited.with("rope_scaling", "null");
    assertThat(attention(edited, 0).position()).isEqualTo(RopeSpec.plain(150_000, 16));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rope_scaling", "rope_parameters"})
  void everyScalingIsReadInBothSpellings(String key) {
    assertThat(scaling(key, "{\"rope_type\": \"linear\", \"factor\": 4}"))
        .isEqualTo(new RopeScaling.Linear(4));
    assertThat(scaling(key, "{\"type\": \"dynamic\", \"factor\": 2.5}"))
        .isEqualTo(new RopeScaling.DynamicNtk(2.5, 256));
    assertThat(
            scaling(
                key,
                "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, "
                    + "\"high_freq_factor\": 4, \"original_max_position_embeddings\": 64}"))
        .isEqualTo(new RopeScaling.Llama3(8, 1, 4, 64));
    assertThat(scaling(key, "{\"rope_type\": \"yarn\", \"original_max_position_embeddings\": 64}"))
        .isEqualTo(new RopeScaling.Yarn(4, 64, 32, 1, 0.1 * Math.log(4) + 1, true));
    assertThat(
            scaling(
                key,
                "{\"rope_type\": \"yarn\", \"factor\": 40, \"mscale\": 0.5, "
                    + "\"mscale_all_dim\": 1.0, \"beta_fast\": 30, \"beta_slow\": 2}"))
        .isEqualTo(
            new RopeScaling.Yarn(
                40, 256, 30, 2, (0.1 * 0.5 * Math.log(40) + 1) / (0.1 * Math.log(40) + 1), true));
    String factors = "[1, 1, 1, 1, 2, 2, 2, 2]";
    String lists = "\"short_factor\": " + factors + ", \"long_factor\": " + factors;
    List<Double> expected = List.of(1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0);
    double implied = Math.sqrt(1 + Math.log(4) / Math.log(64));
    assertThat(
            scaling(
                key,
                "{\"type\": \"longrope\", \"original_max_position_embeddings\": 64, "
                    + lists
                    + "}"))
        .isEqualTo(new RopeScaling.LongRope(expected, expected, 64, implied, implied));
    assertThat(
            scaling(
                key,
                "{\"type\": \"longrope\", \"original_max_position_embeddings\": 64, "
                    + "\"short_mscale\": 1.1, \"long_mscale\": 1.2, "
                    + lists
                    + "}"))
        .isEqualTo(new RopeScaling.LongRope(expected, expected, 64, 1.1, 1.2));
  }

  @Test
  void positionsMayDifferByTheTypeOfALayer() {
    EditedCheckpoint edited =
        edited("gpt-oss")
            .with(
                "rope_parameters",
                "{\"full_attention\": {\"rope_type\": \"linear\", \"factor\": 4, "
                    + "\"rope_theta\": 7}, \"sliding_attention\": {\"rope_theta\": 9}}");
    assertThat(attention(edited, 0).position()).isEqualTo(RopeSpec.plain(9, 16));
    assertThat(attention(edited, 1).position())
        .isEqualTo(new RopeSpec(7, 16, false, new RopeScaling.Linear(4)));
  }

  @Test
  void halfOfAHeadMayBeRotated() {
    EditedCheckpoint edited = edited("qwen3-moe").with("partial_rotary_factor", "0.5");
    assertThat(attention(edited, 0).position())
        .asInstanceOf(InstanceOfAssertFactories.type(RopeSpec.class))
        .returns(12, RopeSpec::dims);
  }

  @Test
  void aDeepseekMayHaveOneProjectionForQueriesAndStretchedScores() {
    EditedCheckpoint edited =
        edited("deepseek-v3")
            .with("q_lora_rank", "null")
            .with(
                "rope_parameters",
                "{\"rope_type\": \"yarn\", \"rope_theta\": 10000.0, \"factor\": 40, "
                    + "\"mscale\": 1.0, \"mscale_all_dim\": 1.0, "
                    + "\"original_max_position_embeddings\": 64}");
    for (int layer = 0; layer < 3; layer++) {
      String prefix = "model.layers." + layer + ".self_attn.";
      for (String part : List.of("q_a_proj", "q_a_layernorm", "q_b_proj")) {
        edited.withoutTensor(prefix + part + ".weight");
      }
      edited.withTensor(Layouts.zeros(prefix + "q_proj.weight", 96, 64));
    }
    try (Checkpoint checkpoint = edited.open()) {
      var attention = (LatentAttentionSpec) checkpoint.spec().layers().getFirst().temporalMixer();
      assertThat(attention.queryDown()).isEmpty();
      assertThat(attention.query().weight().rows()).isEqualTo(96);
      double m = 0.1 * Math.log(40) + 1;
      assertThat((double) attention.scale()).isCloseTo(m * m / Math.sqrt(24), Offset.offset(1e-7));
      assertThat(attention.rope().interleaved()).isTrue();
      assertThat(attention.rope().scaling())
          .isEqualTo(new RopeScaling.Yarn(40, 64, 32, 1, 1, true));
    }
  }

  @Test
  void aSecondDeepseekScoresBySoftmax() {
    EditedCheckpoint edited =
        edited("deepseek-v3").with("model_type", "\"deepseek_v2\"").with("n_shared_experts", "1");
    for (int layer = 1; layer < 3; layer++) {
      edited.withoutTensor("model.layers." + layer + ".mlp.gate.e_score_correction_bias");
    }
    RoutedFfn greedy = routed(edited, 1);
    assertThat(greedy.gate().policy()).isEqualTo(new GatingSpec.SoftmaxTopK(4, false, 2.5f));
    assertThat(greedy.gate().table()).isEmpty();
    assertThat(greedy.shared().orElseThrow().gate()).isEmpty();
    RoutedFfn limited = routed(edited.with("topk_method", "\"group_limited_greedy\""), 1);
    assertThat(limited.gate().policy())
        .isEqualTo(new GatingSpec.GroupLimitedTopK(4, 4, 2, false, 2.5f));
  }

  @Test
  void layersForPredictingSeveralTokensAreIgnored() {
    EditedCheckpoint edited =
        edited("deepseek-v3")
            .withTensor(Layouts.zeros("model.layers.3.eh_proj.weight", 64, 128))
            .withTensor(Layouts.zeros("model.layers.3.self_attn.rotary_emb.inv_freq", 1, 4));
    try (Checkpoint checkpoint = edited.open()) {
      assertThat(checkpoint.spec().layers()).hasSize(3);
    }
  }

  @Test
  void aPhimoeMayHaveBiasesInAttentionAndHead() {
    EditedCheckpoint edited =
        edited("phimoe").with("attention_bias", "true").with("lm_head_bias", "true");
    edited.withTensor(Layouts.zeros("lm_head.bias", 320));
    for (int layer = 0; layer < 3; layer++) {
      String prefix = "model.layers." + layer + ".self_attn.";
      edited.withTensor(Layouts.zeros(prefix + "q_proj.bias", 64));
      edited.withTensor(Layouts.zeros(prefix + "k_proj.bias", 32));
      edited.withTensor(Layouts.zeros(prefix + "v_proj.bias", 32));
      edited.withTensor(Layouts.zeros(prefix + "o_proj.bias", 64));
    }
    assertThat(attention(edited, 2).output().bias())
        .contains(TensorRef.vector("model.layers.2.self_attn.o_proj.bias", 64));
    try (Checkpoint checkpoint = edited.open()) {
      assertThat(checkpoint.spec().head().linear().bias())
          .contains(TensorRef.vector("lm_head.bias", 320));
      assertThat(checkpoint.spec().finalNorm().kind()).isEqualTo(NormSpec.Kind.LAYER);
      assertThat(checkpoint.spec().finalNorm().bias()).isPresent();
    }
  }

  @Test
  void queriesKeysAndValuesOfAnOlmoeMayBeClipped() {
    assertThat(attention(edited("olmoe").with("clip_qkv", "2.5"), 0).clip())
        .isEqualTo(OptionalDouble.of(2.5));
    assertThat(attention(edited("olmoe"), 0).clip()).isEmpty();
  }

  @Test
  void aCohereMayNormaliseEachHeadWithItsOwnWeights() {
    EditedCheckpoint edited = edited("palm-shape").with("use_qk_norm", "true");
    for (int layer = 0; layer < 3; layer++) {
      String prefix = "model.layers." + layer + ".self_attn.";
      edited.withTensor(Layouts.zeros(prefix + "q_norm.weight", 4, 16));
      edited.withTensor(Layouts.zeros(prefix + "k_norm.weight", 1, 16));
    }
    QueryKeyNorm norm = attention(edited, 1).queryKeyNorm().orElseThrow();
    assertThat(norm.scope()).isEqualTo(QueryKeyNorm.Scope.EACH_HEAD);
    assertThat(norm.query().weight())
        .isEqualTo(TensorRef.vector("model.layers.1.self_attn.q_norm.weight", 64));
    assertThat(norm.query().kind()).isEqualTo(NormSpec.Kind.LAYER);
    try (Checkpoint checkpoint = Checkpoints.open(dir)) {
      assertThat(checkpoint.vector(norm.query().weight())).hasSize(64);
      assertThat(checkpoint.vector(norm.key().weight())).hasSize(16);
    }
  }

  @Test
  void aSecondCohereKnowsPositionsOnlyWhereItSlides() {
    EditedCheckpoint edited =
        edited("palm-shape")
            .with("model_type", "\"cohere2\"")
            .with("sliding_window", "5")
            .with("sliding_window_pattern", "3");
    assertThat(windows(edited)).containsExactly(5, 5, 0);
    assertThat(attention(edited, 0).position()).isInstanceOf(RopeSpec.class);
    assertThat(attention(edited, 2).position()).isEqualTo(new PositionSpec.None());
  }

  @Test
  void aSecondGemmaCapsNormalisesTwiceAndSlidesInEvenLayers() {
    EditedCheckpoint edited =
        edited("llama-dense")
            .with("model_type", "\"gemma2\"")
            .with("head_dim", "16")
            .with("query_pre_attn_scalar", "64")
            .with("sliding_window", "6")
            .with("attn_logit_softcapping", "20.0");
    for (int layer = 0; layer < 3; layer++) {
      String prefix = "model.layers." + layer + ".";
      edited.withTensor(Layouts.zeros(prefix + "pre_feedforward_layernorm.weight", 64));
      edited.withTensor(Layouts.zeros(prefix + "post_feedforward_layernorm.weight", 64));
    }
    assertThat(windows(edited)).containsExactly(6, 0, 6);
    try (Checkpoint checkpoint = edited.open()) {
      ModelSpec spec = checkpoint.spec();
      LayerSpec layer = spec.layers().get(1);
      AttentionSpec attention = (AttentionSpec) layer.temporalMixer();
      assertThat(attention.scale()).isEqualTo(0.125f);
      assertThat(attention.softCap()).isEqualTo(OptionalDouble.of(20));
      assertThat(spec.head().softCap()).isEqualTo(OptionalDouble.of(30));
      assertThat(spec.embedding().scale()).isEqualTo(8);
      assertThat(List.of(layer.temporalNorm(), layer.temporalPostNorm().orElseThrow()))
          .extracting(norm -> norm.weight().tensor())
          .containsExactly(
              "model.layers.1.input_layernorm.weight",
              "model.layers.1.post_attention_layernorm.weight");
      assertThat(List.of(layer.channelNorm().orElseThrow(), layer.channelPostNorm().orElseThrow()))
          .extracting(norm -> norm.weight().tensor())
          .containsExactly(
              "model.layers.1.pre_feedforward_layernorm.weight",
              "model.layers.1.post_feedforward_layernorm.weight");
      assertThat(layer.temporalNorm().kind()).isEqualTo(NormSpec.Kind.RMS_OFFSET);
      assertThat(((DenseFfn) layer.channelMixer()).activation())
          .isEqualTo(new Activation.GeluTanh());
    }
  }

  @Test
  void aThirdQwenNormalisesItsHeads() {
    EditedCheckpoint edited =
        edited("llama-dense").with("model_type", "\"qwen3\"").with("head_dim", "16");
    for (int layer = 0; layer < 3; layer++) {
      String prefix = "model.layers." + layer + ".self_attn.";
      edited.withTensor(Layouts.zeros(prefix + "q_norm.weight", 16));
      edited.withTensor(Layouts.zeros(prefix + "k_norm.weight", 16));
    }
    QueryKeyNorm norm = attention(edited, 0).queryKeyNorm().orElseThrow();
    assertThat(norm.scope()).isEqualTo(QueryKeyNorm.Scope.HEAD);
    assertThat(norm.key())
        .isEqualTo(
            NormSpec.rms(TensorRef.vector("model.layers.0.self_attn.k_norm.weight", 16), 1e-6f));
  }

  @Test
  void aMixtureWithoutExpertsIsDense() {
    EditedCheckpoint edited =
        edited("llama-dense")
            .with("model_type", "\"qwen2_moe\"")
            .with("qkv_bias", "false")
            .with("num_experts", "0");
    try (Checkpoint checkpoint = edited.open()) {
      assertThat(checkpoint.spec().routedLayers()).isEmpty();
    }
  }

  private RopeScaling scaling(String key, String json) {
    EditedCheckpoint edited = edited("mixtral").with(key, json);
    return ((RopeSpec) attention(edited, 0).position()).scaling();
  }

  private EditedCheckpoint edited(String golden) {
    return new EditedCheckpoint(dir, golden);
  }

  private static AttentionSpec attention(EditedCheckpoint edited, int layer) {
    try (Checkpoint checkpoint = edited.open()) {
      return (AttentionSpec) checkpoint.spec().layers().get(layer).temporalMixer();
    }
  }

  private static RoutedFfn routed(EditedCheckpoint edited, int layer) {
    try (Checkpoint checkpoint = edited.open()) {
      Optional<RoutedFfn> routed = checkpoint.spec().routed(layer);
      return routed.orElseThrow();
    }
  }

  /** The window of each layer, 0 for none. */
  private static List<Integer> windows(EditedCheckpoint edited) {
    try (Checkpoint checkpoint = edited.open()) {
      return checkpoint.spec().layers().stream()
          .map(layer -> ((AttentionSpec) layer.temporalMixer()).window())
          .map((OptionalInt window) -> window.orElse(0))
          .toList();
    }
  }
}
