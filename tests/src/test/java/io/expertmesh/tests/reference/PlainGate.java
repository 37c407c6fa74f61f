package io.expertmesh.tests.reference;

import java.util.Arrays;

/** Which experts tokens go to, as the papers and the reference implementations state it. */
final class PlainGate {
  private final PlainConfig config;
  private final int experts;
  private final int k;

  PlainGate(PlainConfig config) {
    this.config = config;
    experts =
        config.integer(
            "num_local_experts",
            config.integer("num_experts", config.integer("n_routed_experts", 0)));
    k = config.integer("num_experts_per_tok", 0);
  }

  /**
   * Who computes the tokens of a group.
   *
   * @param weights {@code [tokens][experts]}; NaN where a token does not go
   * @param dropped {@code [tokens][experts]}: weight of choices that found no room; NaN elsewhere
   */
  record Group(double[][] weights, double[][] dropped) {
    static Group none(int tokens, int experts) {
      Group group = new Group(new double[tokens][experts], new double[tokens][experts]);
      for (int t = 0; t < tokens; t++) {
        Arrays.fill(group.weights[t], Double.NaN);
        Arrays.fill(group.dropped[t], Double.NaN);
      }
      return group;
    }

    void drop(int t, int e) {
      dropped[t][e] = weights[t][e];
      weights[t][e] = Double.NaN;
    }
  }

  int experts() {
    return experts;
  }

  /**
   * Assigns.
   *
   * @param s {@code [tokens][experts]}: logits of a group
   * @param table a number per expert, which some rules read
   * @param decoding the token of this group was generated
   */
  Group assign(double[][] s, double[] table, boolean decoding) {
    Group group = Group.none(s.length, experts);
    if (config.has("expertmesh_gating")) {
      PlainConfig rule = config.object("expertmesh_gating");
      switch (rule.text("rule", "")) {
        case "switch_top_1" -> switchTop1(s, capacity(rule, s.length), group);
        case "gshard_top_2" -> gshard(s, capacity(rule, s.length), group);
        case "nllb_top_2" ->
            nllb(s, capacity(rule, s.length), rule.flag("batch_prioritized"), group);
        case "mega_blocks_top_k" -> megaBlocks(s, capacity(rule, s.length), group);
        case "expert_choice" -> {
          if (decoding) {
            thresholds(s, table, group);
          } else {
            expertChoice(s, capacity(rule, s.length), group);
          }
        }
        case "base_layer" -> {
          for (int t = 0; t < s.length; t++) {
            int e = PlainMath.best(s[t]);
            group.weights[t][e] = PlainMath.sigmoid(s[t][e]);
          }
        }
        default -> throw new IllegalArgumentException(rule.text("rule", ""));
      }
      return group;
    }
    for (int t = 0; t < s.length; t++) {
      switch (config.type()) {
        case "mixtral" -> topOf(PlainMath.softmax(s[t]), true, 1, group.weights[t]);
        case "qwen2_moe", "qwen3_moe", "olmoe" ->
            topOf(PlainMath.softmax(s[t]), config.flag("norm_topk_prob"), 1, group.weights[t]);
        case "granitemoeshared" -> granite(s[t], group.weights[t]);
        case "deepseek_v2" -> second(s[t], group.weights[t]);
        case "deepseek_v3" -> third(s[t], table, group.weights[t]);
        default -> throw new IllegalArgumentException(config.type());
      }
    }
    return group;
  }

  private int capacity(PlainConfig rule, int tokens) {
    return rule.has("expert_capacity")
        ? rule.integer("expert_capacity")
        : (int) Math.ceil(rule.number("capacity_factor") * tokens / experts);
  }

  private void topOf(double[] p, boolean normalized, double scale, double[] weights) {
    double sum = 0;
    for (int e = 0; e < experts; e++) {
      sum += PlainMath.rank(p, e) < k ? p[e] : 0;
    }
    for (int e = 0; e < experts; e++) {
      if (PlainMath.rank(p, e) < k) {
        weights[e] = (normalized ? p[e] / sum : p[e]) * scale;
      }
    }
  }

  private void granite(double[] s, double[] weights) {
    double sum = 0;
    for (int e = 0; e < experts; e++) {
      sum += PlainMath.rank(s, e) < k ? Math.exp(s[e]) : 0;
    }
    for (int e = 0; e < experts; e++) {
      if (PlainMath.rank(s, e) < k) {
        weights[e] = Math.exp(s[e]) / sum;
      }
    }
  }

  /** DeepSeek-V2: a group counts as its best probability; the others' count 0. */
  private void second(double[] s, double[] weights) {
    double[] p = PlainMath.softmax(s);
    if (config.text("topk_method", "greedy").equals("group_limited_greedy")) {
      int groups = config.integer("n_group");
      int size = experts / groups;
      double[] score = new double[groups];
      for (int e = 0; e < experts; e++) {
        score[e / size] = Math.max(score[e / size], p[e]);
      }
      for (int e = 0; e < experts; e++) {
        p[e] = PlainMath.rank(score, e / size) < config.integer("topk_group") ? p[e] : 0;
      }
    }
    topOf(p, false, config.number("routed_scaling_factor"), weights);
  }

  /** DeepSeek-V3: chosen by σ + bias, a group counts as its two best; weighed by σ. */
  private void third(double[] s, double[] bias, double[] weights) {
    int groups = config.integer("n_group");
    int size = experts / groups;
    double[] choice = new double[experts];
    for (int e = 0; e < experts; e++) {
      choice[e] = PlainMath.sigmoid(s[e]) + bias[e];
    }
    double[] score = new double[groups];
    for (int g = 0; g < groups; g++) {
      double[] own = PlainMath.part(choice, g * size, size);
      for (int i = 0; i < size; i++) {
        score[g] += PlainMath.rank(own, i) < 2 ? own[i] : 0;
      }
    }
    for (int e = 0; e < experts; e++) {
      if (PlainMath.rank(score, e / size) >= config.integer("topk_group")) {
        choice[e] = Double.NEGATIVE_INFINITY;
      }
    }
    double sum = 1e-20;
    for (int e = 0; e < experts; e++) {
      sum += PlainMath.rank(choice, e) < k ? PlainMath.sigmoid(s[e]) : 0;
    }
    for (int e = 0; e < experts; e++) {
      if (PlainMath.rank(choice, e) < k) {
        double weight = PlainMath.sigmoid(s[e]);
        weights[e] =
            (config.flag("norm_topk_prob") ? weight / sum : weight)
                * config.number("routed_scaling_factor");
      }
    }
  }

  private void switchTop1(double[][] s, int capacity, Group group) {
    int[] seated = new int[experts];
    for (int t = 0; t < s.length; t++) {
      double[] p = PlainMath.softmax(s[t]);
      int e = PlainMath.best(p);
      group.weights[t][e] = p[e];
      if (seated[e]++ >= capacity) {
        group.drop(t, e);
      }
    }
  }

  /** Every first choice is seated before any second one. */
  private void gshard(double[][] s, int capacity, Group group) {
    int[] seated = new int[experts];
    for (int choice = 0; choice < 2; choice++) {
      for (int t = 0; t < s.length; t++) {
        double[] p = PlainMath.softmax(s[t]);
        double sum = 0;
        int chosen = -1;
        for (int e = 0; e < experts; e++) {
          sum += PlainMath.rank(p, e) < 2 ? p[e] : 0;
          chosen = PlainMath.rank(p, e) == choice ? e : chosen;
        }
        group.weights[t][chosen] = p[chosen] / sum;
        if (seated[chosen]++ >= capacity) {
          group.drop(t, chosen);
        }
      }
    }
  }

  /** As GShard's, in order of confidence if asked; what is left is divided by its sum. */
  private void nllb(double[][] s, int capacity, boolean prioritized, Group group) {
    double[] confidence = new double[s.length];
    for (int t = 0; t < s.length; t++) {
      double[] p = PlainMath.softmax(s[t]);
      confidence[t] = prioritized ? p[PlainMath.best(p)] : 0;
    }
    int[] seated = new int[experts];
    for (int choice = 0; choice < 2; choice++) {
      for (int turn = 0; turn < s.length; turn++) {
        for (int t = 0; t < s.length; t++) {
          if (PlainMath.rank(confidence, t) != turn) {
            continue;
          }
          double[] p = PlainMath.softmax(s[t]);
          for (int e = 0; e < experts; e++) {
            if (PlainMath.rank(p, e) == choice) {
              group.weights[t][e] = p[e];
              if (seated[e]++ >= capacity) {
                group.drop(t, e);
              }
            }
          }
        }
      }
    }
    for (int t = 0; t < s.length; t++) {
      double kept = 0;
      double all = 0;
      for (int e = 0; e < experts; e++) {
        kept += Double.isNaN(group.weights[t][e]) ? 0 : group.weights[t][e];
        all += Double.isNaN(group.dropped[t][e]) ? 0 : group.dropped[t][e];
      }
      for (int e = 0; e < experts; e++) {
        group.weights[t][e] /= kept;
        group.dropped[t][e] /= kept + all;
      }
    }
  }

  private void megaBlocks(double[][] s, int capacity, Group group) {
    for (int t = 0; t < s.length; t++) {
      topOf(PlainMath.softmax(s[t]), true, 1, group.weights[t]);
    }
    for (int e = 0; e < experts; e++) {
      int seated = 0;
      for (int t = 0; t < s.length; t++) {
        if (!Double.isNaN(group.weights[t][e]) && seated++ >= capacity) {
          group.drop(t, e);
        }
      }
    }
  }

  private void expertChoice(double[][] s, int capacity, Group group) {
    for (int e = 0; e < experts; e++) {
      double[] column = new double[s.length];
      for (int t = 0; t < s.length; t++) {
        column[t] = PlainMath.softmax(s[t])[e];
      }
      for (int t = 0; t < s.length; t++) {
        if (PlainMath.rank(column, t) < capacity) {
          group.weights[t][e] = column[t];
        }
      }
    }
  }

  private void thresholds(double[][] s, double[] table, Group group) {
    for (int t = 0; t < s.length; t++) {
      double[] p = PlainMath.softmax(s[t]);
      for (int e = 0; e < experts; e++) {
        if (p[e] >= table[e]) {
          group.weights[t][e] = p[e];
        }
      }
    }
  }
}
