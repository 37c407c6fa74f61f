package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.RoundingMode;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A config may name another assignment rule than its family's. */
class DeclaredGatingTest {
  private final Path dir;

  DeclaredGatingTest(@TempDir Path dir) {
    this.dir = dir;
  }

  static Stream<Arguments> rules() {
    Capacity factor = new Capacity.PerExpert(1.25, RoundingMode.DOWN, 4);
    return Stream.of(
        Arguments.of(
            1,
            "'rule': 'switch_top_1', 'capacity_factor': 1.25, 'capacity_rounding': 'down',"
                + " 'minimum_capacity': 4",
            new GatingSpec.SwitchTop1(factor)),
        Arguments.of(
            1,
            "'rule': 'switch_top_1', 'expert_capacity': 0",
            new GatingSpec.SwitchTop1(new Capacity.Fixed(0))),
        Arguments.of(
            2,
            "'rule': 'gshard_top_2', 'capacity_fraction': 0.5, 'expert_capacity': null",
            new GatingSpec.GShardTop2(new Capacity.Fraction(0.5), new SecondChoice.All())),
        Arguments.of(
            2,
            "'rule': 'gshard_top_2', 'second_expert_policy': 'random',"
                + " 'second_expert_threshold': 0.5, 'seed': 9, 'rejected_take_slots': true",
            new GatingSpec.GShardTop2(
                new Capacity.Unlimited(), new SecondChoice.Random(0.5, 9, true))),
        Arguments.of(
            2,
            "'rule': 'nllb_top_2', 'capacity_factor': 2, 'batch_prioritized': true, 'scale': 0.8",
            new GatingSpec.NllbTop2(
                new Capacity.PerExpert(2, RoundingMode.UP, 0),
                Optional.empty(),
                false,
                true,
                0.8f)),
        Arguments.of(
            3,
            "'rule': 'mega_blocks_top_k', 'norm': 1, 'expert_capacity': 5",
            new GatingSpec.MegaBlocksTopK(3, OptionalDouble.of(1), new Capacity.Fixed(5))),
        Arguments.of(
            2, "'rule': 'softmax_top_k', 'scale': 2", new GatingSpec.SoftmaxTopK(2, false, 2)),
        Arguments.of(
            2,
            "'rule': 'expert_choice', 'capacity_factor': 2, 'experts_per_token': 3",
            new GatingSpec.ExpertChoice(
                new Capacity.PerExpert(2, RoundingMode.UP, 0),
                GatingSpec.ExpertChoice.Scores.OVER_EXPERTS,
                OptionalInt.of(3))),
        Arguments.of(1, "'rule': 'base_layer'", new GatingSpec.BaseLayer()),
        Arguments.of(
            2,
            "'rule': 'topology_top_2', 'version': 1, 'experts_per_node': 4, 'node': 1,"
                + " 'outgoing_fraction': 0.14",
            new GatingSpec.TopologyTop2(1, 4, 1, 0.14)));
  }

  private EditedCheckpoint declaring(int k, String rule) {
    return new EditedCheckpoint(dir, "mixtral")
        .with("num_experts_per_tok", "" + k)
        .with("expertmesh_gating", "{" + rule.replace('\'', '"') + "}");
  }

  @ParameterizedTest
  @MethodSource("rules")
  void theRuleHoldsInEveryRoutedLayer(int k, String rule, GatingSpec expected) {
    try (Checkpoint checkpoint = declaring(k, rule).open()) {
      ModelSpec spec = checkpoint.spec();
      for (int layer : spec.routedLayers()) {
        GateSpec gate = spec.routed(layer).orElseThrow().gate();
        assertThat(gate.policy()).isEqualTo(expected);
        assertThat(gate.projection()).isPresent();
      }
      assertThat(spec.wholePrompts()).isEqualTo(!expected.batchInvariant());
      assertThat(spec.decodes()).isEqualTo(!(expected instanceof GatingSpec.ExpertChoice));
    }
  }

  @Test
  void thresholdsBesideTheGateLetExpertsDecode() {
    EditedCheckpoint edited = declaring(2, "'rule': 'expert_choice', 'capacity_factor': 2");
    for (int layer = 0; layer < 3; layer++) {
      String gate = "model.layers." + layer + ".block_sparse_moe.gate.";
      edited.withTensor(Layouts.zeros(gate + "expert_thresholds", 8));
    }
    try (Checkpoint checkpoint = edited.open()) {
      assertThat(checkpoint.spec().decodes()).isTrue();
      assertThat(checkpoint.spec().routed(1).orElseThrow().gate().table())
          .contains(TensorRef.vector("model.layers.1.block_sparse_moe.gate.expert_thresholds", 8));
    }
  }

  @Test
  void aHashTableTakesThePlaceOfTheGatesMatrix() {
    EditedCheckpoint edited = declaring(1, "'rule': 'hash_table'");
    for (int layer = 0; layer < 3; layer++) {
      String gate = "model.layers." + layer + ".block_sparse_moe.gate.";
      edited.withTensor(Layouts.zeros(gate + "token_experts", 320));
    }
    try (Checkpoint checkpoint = edited.open()) {
      GateSpec gate = checkpoint.spec().routed(0).orElseThrow().gate();
      assertThat(gate.policy()).isEqualTo(new GatingSpec.HashTable());
      assertThat(gate.projection()).isEmpty();
      assertThat(checkpoint.spec().wholePrompts()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "2 | 'capacity_factor': 1 | expertmesh_gating.rule is missing",
        "2 | 'rule': 'top_3' | expertmesh_gating.rule is \"top_3\", supported: base_layer, expert_choice, gshard_top_2, hash_table, mega_blocks_top_k, nllb_top_2, softmax_top_k, switch_top_1, topology_top_2",
        "1 | 'rule': 'switch_top_1', 'jitter': 1 | expertmesh_gating.jitter is not known here, supported: rule, expert_capacity, capacity_fraction, capacity_factor, capacity_rounding, minimum_capacity",
        "2 | 'rule': 'switch_top_1' | num_experts_per_tok is 2, but the rule that expertmesh_gating names takes 1",
        "3 | 'rule': 'gshard_top_2' | num_experts_per_tok is 3, but the rule that expertmesh_gating names takes 2",
        "1 | 'rule': 'switch_top_1', 'capacity_factor': -1 | expertmesh_gating.capacity_factor is -1, supported: a number above 0",
        "1 | 'rule': 'switch_top_1', 'capacity_factor': 1, 'expert_capacity': 4 | expertmesh_gating.expert_capacity, capacity_fraction and capacity_factor exclude each other",
        "1 | 'rule': 'switch_top_1', 'minimum_capacity': 4 | expertmesh_gating.minimum_capacity is given without capacity_factor",
        "1 | 'rule': 'switch_top_1', 'capacity_factor': 1, 'capacity_rounding': 'ceil' | expertmesh_gating.capacity_rounding is \"ceil\", supported: down, half_even, up",
        "2 | 'rule': 'gshard_top_2', 'second_expert_policy': 'sampling' | expertmesh_gating.second_expert_policy is \"sampling\", supported: all, none, threshold, random",
        "2 | 'rule': 'nllb_top_2', 'second_expert_policy': 'random' | expertmesh_gating.seed is missing",
        "2 | 'rule': 'expert_choice' | expertmesh_gating: expert choice needs a capacity",
        "2 | 'rule': 'expert_choice', 'capacity_factor': 1, 'scores': 'both' | expertmesh_gating.scores is \"both\", supported: over_experts, over_tokens",
        "2 | 'rule': 'expert_choice', 'capacity_factor': 1, 'scores': 'over_tokens', 'experts_per_token': 2 | expertmesh_gating: experts_per_token is 2, which scores over tokens do not know; leave it out or score over experts",
        "2 | 'rule': 'topology_top_2', 'version': 2, 'experts_per_node': 4, 'node': 0, 'outgoing_fraction': 0.1 | expertmesh_gating: topology gate version is 2, must be 1",
        "2 | 'rule': 'topology_top_2', 'version': 1, 'experts_per_node': 4, 'node': 2, 'outgoing_fraction': 0.1 | expertmesh_gating.node is 2 of 4 experts each, a layer has only 8",
      })
  void whatARuleDoesNotKnowIsRefusedByName(int k, String rule, String sentence) {
    assertThatThrownBy(declaring(k, rule)::open)
        .isInstanceOf(CheckpointException.class)
        .hasMessage(dir.resolve("config.json") + ": " + sentence + ".");
  }

  @Test
  void aRuleContradictsAGateWithACorrectionBiasAndAModelWithoutExperts() {
    String rule = "{\"rule\": \"switch_top_1\"}";
    assertThatThrownBy(
            new EditedCheckpoint(dir, "deepseek-v3").with("expertmesh_gating", rule)::open)
        .hasMessageContaining(
            "expertmesh_gating is given, but the gate has"
                + " model.layers.1.mlp.gate.e_score_correction_bias, which only the family's own"
                + " rule reads");
    assertThatThrownBy(
            new EditedCheckpoint(dir, "llama-dense").with("expertmesh_gating", rule)::open)
        .hasMessageContaining("expertmesh_gating is given, but no layer has experts");
  }
}
