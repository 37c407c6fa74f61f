package io.expertmesh.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.attention.core.EngineSettings;
import io.expertmesh.attention.core.MicroBatchMode;
import io.expertmesh.attention.core.SchedulerLimits;
import io.expertmesh.attention.core.TokenRouting;
import io.expertmesh.tests.reference.PlainModel;
import io.expertmesh.tests.support.EngineWorkload;
import io.expertmesh.tests.support.LoopbackMesh;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Checkpoints whose config declares a rule that assigns a prompt's tokens together: prompts reach
 * the router whole, whatever else runs, and give what plain loops over the prompt give.
 */
class WholePromptsTest {
  private static final double FP32_TOLERANCE = 1e-4;
  private static final long SEED = 11;
  private static final int LAYERS = 3;
  private static final int EXPERTS = 5;
  private static final int NEW_TOKENS = 6;

  @TempDir Path folder;

  private static PlainModel model(String type, String rule, int k) {
    PlainModel model =
        new PlainModel(
            """
            {"model_type": "%s", "hidden_size": 24, "intermediate_size": 28,
             "moe_intermediate_size": 20, "shared_expert_intermediate_size": 12,
             "num_hidden_layers": %d, "vocab_size": 53, "num_attention_heads": 6,
             "num_key_value_heads": 3, "max_position_embeddings": 128, "rms_norm_eps": 1e-6,
             "rope_theta": 5000.0, "hidden_act": "silu", "torch_dtype": "float32",
             "num_experts_per_tok": %d, "num_local_experts": %d, "tie_word_embeddings": false,
             "qkv_bias": false, "expertmesh_gating": {%s}}
            """
                .formatted(type, LAYERS, k, EXPERTS, rule.replace('\'', '"')),
            SEED);
    if (rule.contains("expert_choice")) {
      for (int layer = 0; layer < LAYERS; layer++) {
        model.put(
            "model.layers." + layer + ".block_sparse_moe.gate.expert_thresholds",
            .3f,
            .25f,
            .2f,
            .35f,
            .3f);
      }
    }
    return model;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "mixtral | 1 | true | 'rule': 'switch_top_1', 'capacity_factor': 0.8",
        "qwen2_moe | 2 | true | 'rule': 'gshard_top_2', 'expert_capacity': 6",
        "mixtral | 2 | true | 'rule': 'nllb_top_2', 'capacity_factor': 1.3, 'batch_prioritized': true",
        "mixtral | 2 | true | 'rule': 'mega_blocks_top_k', 'capacity_factor': 1.2, 'norm': 1",
        "mixtral | 2 | false | 'rule': 'expert_choice', 'capacity_factor': 1.5",
        "qwen2_moe | 1 | false | 'rule': 'base_layer'",
      })
  void aRuleOfTheCheckpointIsAppliedToWholePromptsAndToEachGeneratedTokenAlone(
      String type, int k, boolean drops, String rule) {
    PlainModel model = model(type, rule, k);
    int[] prompt = new Random(SEED).ints(31, 2, model.vocabulary()).toArray();
    PlainModel.Output expected = model.run(prompt);
    List<Integer> greedy = model.greedy(prompt, NEW_TOKENS);
    model.write(folder);

    EngineWorkload workload = new EngineWorkload(model.vocabulary(), 40, 12, 24);
    List<List<Integer>> yardstick;
    List<Integer> generated;
    try (LoopbackMesh mesh = new LoopbackMesh(folder, 1, 1, whole -> whole)) {
      assertThat(
              PlainFamiliesTest.worst(
                  EngineWorkload.score(mesh, prompt, model.vocabulary()), expected.logits()))
          .as("seed %d", SEED)
          .isLessThanOrEqualTo(FP32_TOLERANCE);
      assertThat(EngineWorkload.greedy(mesh, prompt, NEW_TOKENS)).isEqualTo(greedy);
      assertRouting(EngineWorkload.routing(mesh, prompt), expected, drops);
      yardstick = workload.alone(mesh);
      generated = EngineWorkload.resumed(mesh, prompt, List.of(), NEW_TOKENS);
      assertThat(workload.together(mesh)).as("alone and in a batch").isEqualTo(yardstick);
    }
    try (LoopbackMesh mesh = new LoopbackMesh(folder, 3, 2, WholePromptsTest::scarce)) {
      assertThat(workload.alone(mesh)).as("other places").isEqualTo(yardstick);
      assertThat(workload.together(mesh)).as("and in a batch").isEqualTo(yardstick);
      // a rule of single rows has its prompts chunked, which takes less memory at a time
      assertThat(mesh.preemptions() > 0 || rule.contains("base_layer"))
          .as("sequences that were computed twice")
          .isTrue();
      int perToken = generated.size() / NEW_TOKENS;
      assertThat(EngineWorkload.resumed(mesh, prompt, greedy.subList(0, 2), NEW_TOKENS))
          .as("resumed after two tokens")
          .isEqualTo(generated.subList(2 * perToken, generated.size()));
    }
  }

  private static void assertRouting(
      List<TokenRouting> tokens, PlainModel.Output expected, boolean drops) {
    int allDropped = 0;
    assertThat(tokens).hasSize(expected.logits().length);
    for (int t = 0; t < tokens.size(); t++) {
      TokenRouting token = tokens.get(t);
      List<Integer> experts = new ArrayList<>();
      List<Double> weights = new ArrayList<>();
      List<Integer> dropped = new ArrayList<>();
      List<Double> droppedWeights = new ArrayList<>();
      for (List<PlainModel.Assigned> layer : expected.groups()) {
        collect(layer.get(t).weights(), experts, weights);
        collect(layer.get(t).dropped(), dropped, droppedWeights);
      }
      assertThat(token.experts()).as("token %d", t).containsExactly(toArray(experts));
      assertClose(token.weights(), weights);
      assertThat(token.dropped()).as("token %d", t).containsExactly(toArray(dropped));
      assertClose(token.droppedWeights(), droppedWeights);
      allDropped += dropped.size();
    }
    assertThat(allDropped > 0).as("drops").isEqualTo(drops);
  }

  private static void collect(double[] row, List<Integer> experts, List<Double> weights) {
    IntStream.range(0, row.length)
        .filter(e -> !Double.isNaN(row[e]))
        .forEach(
            e -> {
              experts.add(e);
              weights.add(row[e]);
            });
  }

  private static int[] toArray(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }

  private static void assertClose(float[] actual, List<Double> expected) {
    assertThat(actual).hasSize(expected.size());
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected.get(i), within(FP32_TOLERANCE));
    }
  }

  @Test
  void whatCannotBeComputedWholeIsRefusedByFieldAndLimit() {
    PlainModel model = model("mixtral", "'rule': 'switch_top_1', 'capacity_factor': 1", 1);
    model.run(new int[] {1, 2, 3});
    model.write(folder);
    try (LoopbackMesh mesh = new LoopbackMesh(folder, 1, 1, WholePromptsTest::scarce)) {
      int[] longest = new Random(SEED).ints(48, 2, model.vocabulary()).toArray();
      assertThat(EngineWorkload.greedy(mesh, longest, 2)).hasSize(2);
      assertThatThrownBy(() -> EngineWorkload.greedy(mesh, Arrays.copyOf(longest, 49), 2))
          .hasMessage(
              "prompt_ids has 49 tokens, the limit is 48 (max-batch-tokens, which is 64, less"
                  + " max-sequences, which is 16): the gating policy of this model (SwitchTop1)"
                  + " assigns all tokens of a prompt together");
    }
  }

  @Test
  void expertsThatChooseWithoutThresholdsScorePromptsAndRefuseToGenerate() {
    PlainModel model =
        new PlainModel(
            """
            {"model_type": "mixtral", "hidden_size": 24, "intermediate_size": 28,
             "num_hidden_layers": 2, "vocab_size": 53, "num_attention_heads": 6,
             "num_key_value_heads": 3, "max_position_embeddings": 128, "rms_norm_eps": 1e-6,
             "rope_theta": 5000.0, "hidden_act": "silu", "torch_dtype": "float32",
             "num_experts_per_tok": 2, "num_local_experts": 5, "tie_word_embeddings": false,
             "expertmesh_gating": {"rule": "expert_choice", "capacity_factor": 2}}
            """,
            SEED);
    int[] prompt = new Random(SEED).ints(20, 2, model.vocabulary()).toArray();
    double[][] expected = model.run(prompt).logits();
    model.write(folder);
    try (LoopbackMesh mesh = new LoopbackMesh(folder, 1, 1, whole -> whole)) {
      assertThat(
              PlainFamiliesTest.worst(
                  EngineWorkload.score(mesh, prompt, model.vocabulary()), expected))
          .isLessThanOrEqualTo(FP32_TOLERANCE);
      assertThatThrownBy(() -> EngineWorkload.greedy(mesh, prompt, 1))
          .hasMessageContaining("max_tokens is 1 and must be 0")
          .hasMessageContaining("score whole prompts, add gate.expert_thresholds");
    }
  }

  /** Steps in two parts, and little memory, so that sequences lose their pages to others. */
  private static EngineSettings scarce(EngineSettings settings) {
    return new EngineSettings(
        settings.activations(),
        128,
        new SchedulerLimits(64, 7, 16, 64),
        settings.maxContext(),
        settings.prefixCache(),
        MicroBatchMode.TWO,
        settings.maxLogprobs());
  }
}
