package io.expertmesh.model.core;

import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Reads an assignment rule with its parameters from the object that names it. */
final class GatingRules {
  private static final String[] CAPACITY = {
    "expert_capacity",
    "capacity_fraction",
    "capacity_factor",
    "capacity_rounding",
    "minimum_capacity"
  };

  private final ModelConfig config;
  private final int k;

  private GatingRules(ModelConfig config, int k) {
    this.config = config;
    this.k = k;
  }

  /**
   * The rule of an object.
   *
   * @param k experts per token, for rules that leave it open
   * @throws CheckpointException if a key is missing or not known, or its value is not supported
   * @throws IllegalArgumentException if the values contradict each other
   */
  static GatingSpec read(ModelConfig config, int k) {
    GatingRules rules = new GatingRules(config, k);
    String name = config.text("rule").orElseThrow(() -> config.refuse("rule is missing"));
    return switch (name) {
      case "softmax_top_k" -> rules.softmaxTopK();
      case "mega_blocks_top_k" -> rules.megaBlocks();
      case "switch_top_1" -> rules.switchTop1();
      case "gshard_top_2" -> rules.gshard();
      case "nllb_top_2" -> rules.nllb();
      case "expert_choice" -> rules.expertChoice();
      case "hash_table" -> rules.plain(new GatingSpec.HashTable());
      case "base_layer" -> rules.plain(new GatingSpec.BaseLayer());
      case "topology_top_2" -> rules.topology();
      default ->
          throw config.unsupported(
              "rule",
              name,
              "base_layer, expert_choice, gshard_top_2, hash_table, mega_blocks_top_k, nllb_top_2,"
                  + " softmax_top_k, switch_top_1, topology_top_2");
    };
  }

  private GatingSpec plain(GatingSpec rule) {
    known();
    return rule;
  }

  private GatingSpec softmaxTopK() {
    known("normalized", "scale");
    return new GatingSpec.SoftmaxTopK(k, flag("normalized"), scale());
  }

  private GatingSpec megaBlocks() {
    knownWithCapacity("norm");
    return new GatingSpec.MegaBlocksTopK(
        k,
        config.optionalNumber("norm").map(OptionalDouble::of).orElse(OptionalDouble.empty()),
        capacity());
  }

  private GatingSpec switchTop1() {
    knownWithCapacity();
    return new GatingSpec.SwitchTop1(capacity());
  }

  private GatingSpec gshard() {
    knownWithCapacity(
        "second_expert_policy", "second_expert_threshold", "seed", "rejected_take_slots");
    String policy = config.text("second_expert_policy").orElse("all");
    SecondChoice second =
        switch (policy) {
          case "all" -> new SecondChoice.All();
          case "none" -> new SecondChoice.None();
          case "threshold" -> new SecondChoice.Threshold(config.number("second_expert_threshold"));
          case "random" ->
              new SecondChoice.Random(
                  config.number("second_expert_threshold"),
                  config.natural("seed"),
                  flag("rejected_take_slots"));
          default ->
              throw config.unsupported(
                  "second_expert_policy", policy, "all, none, threshold, random");
        };
    return new GatingSpec.GShardTop2(capacity(), second);
  }

  private GatingSpec nllb() {
    knownWithCapacity(
        "second_expert_policy", "seed", "normalize_before_dropping", "batch_prioritized", "scale");
    String policy = config.text("second_expert_policy").orElse("all");
    Optional<Long> seed =
        switch (policy) {
          case "all" -> Optional.empty();
          case "random" -> Optional.of((long) config.natural("seed"));
          default -> throw config.unsupported("second_expert_policy", policy, "all, random");
        };
    return new GatingSpec.NllbTop2(
        capacity(), seed, flag("normalize_before_dropping"), flag("batch_prioritized"), scale());
  }

  private GatingSpec expertChoice() {
    knownWithCapacity("scores", "experts_per_token");
    String scores = config.text("scores").orElse("over_experts");
    OptionalInt most = config.optionalPositive("experts_per_token");
    return new GatingSpec.ExpertChoice(
        capacity(),
        switch (scores) {
          case "over_experts" -> GatingSpec.ExpertChoice.Scores.OVER_EXPERTS;
          case "over_tokens" -> GatingSpec.ExpertChoice.Scores.OVER_TOKENS;
          default -> throw config.unsupported("scores", scores, "over_experts, over_tokens");
        },
        most);
  }

  private GatingSpec topology() {
    known("version", "experts_per_node", "node", "outgoing_fraction");
    return new GatingSpec.TopologyTop2(
        config.natural("version"),
        config.positive("experts_per_node"),
        config.natural("node"),
        config.number("outgoing_fraction"));
  }

  /** One of three forms, or none: unlimited. */
  private Capacity capacity() {
    long given =
        Stream.of("expert_capacity", "capacity_fraction", "capacity_factor")
            .filter(this::given)
            .count();
    if (given > 1) {
      throw config.refuse(
          "expert_capacity, capacity_fraction and capacity_factor exclude each other");
    }
    if (given("capacity_factor")) {
      return new Capacity.PerExpert(
          config.number("capacity_factor"),
          rounding(),
          given("minimum_capacity") ? config.natural("minimum_capacity") : 0);
    }
    for (String key : List.of("capacity_rounding", "minimum_capacity")) {
      if (given(key)) {
        throw config.refuse(key + " is given without capacity_factor");
      }
    }
    if (given("expert_capacity")) {
      return new Capacity.Fixed(config.natural("expert_capacity"));
    }
    return given("capacity_fraction")
        ? new Capacity.Fraction(config.number("capacity_fraction"))
        : new Capacity.Unlimited();
  }

  private boolean given(String key) {
    return config.has(key) && !config.json().get(key).isNull();
  }

  private RoundingMode rounding() {
    String rounding = config.text("capacity_rounding").orElse("up");
    return switch (rounding) {
      case "down" -> RoundingMode.DOWN;
      case "half_even" -> RoundingMode.HALF_EVEN;
      case "up" -> RoundingMode.UP;
      default -> throw config.unsupported("capacity_rounding", rounding, "down, half_even, up");
    };
  }

  private boolean flag(String key) {
    return config.flag(key).orElse(false);
  }

  private float scale() {
    return config.optionalNumber("scale").orElse(1.0).floatValue();
  }

  private void known(String... keys) {
    config.allowKeys(Stream.concat(Stream.of("rule"), Arrays.stream(keys)).toList());
  }

  private void knownWithCapacity(String... keys) {
    known(Stream.concat(Arrays.stream(CAPACITY), Arrays.stream(keys)).toArray(String[]::new));
  }
}
