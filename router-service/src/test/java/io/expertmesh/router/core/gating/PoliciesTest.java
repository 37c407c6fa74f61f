package io.expertmesh.router.core.gating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.Capacity;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.GatingSpec.ExpertChoice.Scores;
import io.expertmesh.model.core.SecondChoice;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every policy against its definition, on random inputs that are full of ties. */
class PoliciesTest {
  private static final Kernels KERNELS = KernelProviders.select("vector", DType.F32).kernels();
  private static final int ROUNDS = 400;
  private static final float OFF_GRID = 0.03125f;

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);

  /** Makes a rule for so many experts. */
  private interface Rules {
    GatingSpec make(int experts);
  }

  private void assertFollowsItsDefinition(int fewestExperts, Rules rules) {
    for (int round = 0; round < ROUNDS; round++) {
      int experts = fewestExperts + random.nextInt(round % 3 == 0 ? 3 : 40);
      assertFollowsItsDefinition(rules.make(experts), experts, new float[0]);
    }
  }

  private void assertFollowsItsDefinition(GatingSpec spec, int experts, float[] table) {
    int rows = random.nextInt(4) == 0 ? 1 : 1 + random.nextInt(20);
    int before = random.nextInt(3);
    float[] logits =
        spec instanceof GatingSpec.ExpertChoice || spec instanceof GatingSpec.NllbTop2
            ? logitsWithEqualRows(before + rows, experts)
            : logits(before + rows, experts);
    double[][] doubles = new double[rows][experts];
    for (int t = 0; t < rows; t++) {
      for (int e = 0; e < experts; e++) {
        doubles[t][e] = logits[(before + t) * experts + e];
      }
    }
    double[] doubleTable = new double[table.length];
    for (int i = 0; i < table.length; i++) {
      doubleTable[i] = table[i];
    }
    Assignments out = new Assignments();
    for (int row = 0; row < before; row++) {
      out.endRow();
    }

    GatingPolicy.of(spec, experts, table, KERNELS)
        .assign(logits, new int[0], before, before + rows, out);

    assertThat(out.rows()).isEqualTo(before + rows);
    assertSame(out, before, Definitions.of(spec, doubles, doubleTable), spec);
  }

  private void assertSame(Assignments out, int before, Definitions expected, GatingSpec spec) {
    int pair = 0;
    for (int t = 0; t < expected.tokens; t++) {
      assertThat(out.start(before + t)).isEqualTo(pair);
      for (int e = 0; e < expected.experts; e++) {
        if (!Double.isNaN(expected.weight[t][e])) {
          String what = "seed %d %s token %d expert %d".formatted(seed, spec, t, e);
          assertThat(out.pairs()).as(what).isGreaterThan(pair);
          assertThat(out.row(pair)).as(what).isEqualTo(before + t);
          assertThat(out.expert(pair)).as(what).isEqualTo(e);
          assertThat((double) out.weight(pair))
              .as(what)
              .isCloseTo(expected.weight[t][e], within(2e-6 * Math.max(1, expected.weight[t][e])));
          pair++;
        }
      }
    }
    assertThat(out.pairs()).as("seed %d %s", seed, spec).isEqualTo(pair);
    List<String> drops = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    for (int t = 0; t < expected.tokens; t++) {
      for (int e = 0; e < expected.experts; e++) {
        if (!Double.isNaN(expected.dropped[t][e])) {
          drops.add((before + t) + ":" + e);
          weights.add(expected.dropped[t][e]);
        }
      }
    }
    List<String> actual = new ArrayList<>();
    for (int i = 0; i < out.dropped().size(); i++) {
      actual.add(out.dropped().row(i) + ":" + out.dropped().expert(i));
    }
    assertThat(actual).as("seed %d %s", seed, spec).isEqualTo(drops);
    for (int i = 0; i < weights.size(); i++) {
      assertThat((double) out.dropped().weight(i))
          .as("seed %d %s dropped %s", seed, spec, drops.get(i))
          .isCloseTo(weights.get(i), within(2e-6 * Math.max(1, weights.get(i))));
    }
  }

  /**
   * A coarse grid, so that ties are common, and not one around 0, where σ(x) + σ(-x) = 1 makes ties
   * that rounding decides; sometimes every token wants one expert.
   */
  private float[] logits(int rows, int experts) {
    float[] logits = new float[rows * experts];
    int favourite = random.nextInt(4) == 0 ? random.nextInt(experts) : -1;
    int steps = 1 + random.nextInt(13);
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (random.nextInt(steps) - steps / 2) * 0.25f + OFF_GRID;
      if (i % experts == favourite) {
        logits[i] += 5;
      }
    }
    return logits;
  }

  /**
   * For rules that compare probabilities of different tokens: rows are equal or have nothing in
   * common, since two sums of the same numbers in another order differ by a rounding.
   */
  private float[] logitsWithEqualRows(int rows, int experts) {
    float[] logits = new float[rows * experts];
    int favourite = random.nextInt(4) == 0 ? random.nextInt(experts) : -1;
    for (int row = 0; row < rows; row++) {
      if (row > 0 && random.nextInt(3) == 0) {
        System.arraycopy(logits, random.nextInt(row) * experts, logits, row * experts, experts);
      } else {
        for (int e = 0; e < experts; e++) {
          logits[row * experts + e] = (float) random.nextGaussian() + (e == favourite ? 5 : 0);
        }
      }
    }
    return logits;
  }

  private int k(int experts) {
    return random.nextInt(4) == 0 ? experts : 1 + random.nextInt(experts);
  }

  private Capacity capacity() {
    return switch (random.nextInt(8)) {
      case 0 -> new Capacity.Unlimited();
      case 1 -> new Capacity.Fixed(0);
      case 2 -> new Capacity.Fixed(1);
      case 3 -> new Capacity.Fixed(1 + random.nextInt(6));
      case 4 -> new Capacity.Fraction(random.nextDouble());
      case 5 -> new Capacity.PerExpert(2 * random.nextDouble(), RoundingMode.UP, 0);
      case 6 -> new Capacity.PerExpert(2 * random.nextDouble(), RoundingMode.HALF_EVEN, 4);
      case 7 -> new Capacity.PerExpert(2 * random.nextDouble(), RoundingMode.DOWN, 1);
      default -> throw new AssertionError();
    };
  }

  @Test
  void softmaxTopK() {
    assertFollowsItsDefinition(
        1, n -> new GatingSpec.SoftmaxTopK(k(n), random.nextBoolean(), 1 + random.nextInt(3)));
  }

  @Test
  void topKSoftmax() {
    assertFollowsItsDefinition(1, n -> new GatingSpec.TopKSoftmax(k(n)));
  }

  @Test
  void groupLimitedTopK() {
    for (int round = 0; round < ROUNDS; round++) {
      int groups = 1 + random.nextInt(6);
      int size = 1 + random.nextInt(6);
      int kept = 1 + random.nextInt(groups);
      assertFollowsItsDefinition(
          new GatingSpec.GroupLimitedTopK(k(kept * size), groups, kept, random.nextBoolean(), 16f),
          groups * size,
          new float[0]);
    }
  }

  @Test
  void sigmoidTopKWithAndWithoutACorrectionBias() {
    for (int round = 0; round < ROUNDS; round++) {
      int groups = 1 + random.nextInt(6);
      int size = 2 + random.nextInt(6);
      int kept = 1 + random.nextInt(groups);
      float[] bias = new float[round % 3 == 0 ? 0 : groups * size];
      for (int e = 0; e < bias.length; e++) {
        // all equal, so that biased scores are negative and tie; or none like another, since sums
        // of
        // the same numbers in another order tie only up to rounding
        bias[e] = round % 2 == 0 ? -2 : (float) random.nextGaussian();
      }
      assertFollowsItsDefinition(
          new GatingSpec.SigmoidTopK(k(kept * size), groups, kept, random.nextBoolean(), 2.5f),
          groups * size,
          bias);
    }
  }

  @Test
  void sparseMixer() {
    float[] jitters = {0, 0.01f, 0.113f, 0.231f};
    assertFollowsItsDefinition(2, n -> new GatingSpec.SparseMixer(jitters[random.nextInt(4)]));
  }

  @Test
  void megaBlocks() {
    double[] norms = {1, 2, 3.5};
    assertFollowsItsDefinition(
        1,
        n ->
            new GatingSpec.MegaBlocksTopK(
                k(n),
                random.nextInt(3) == 0
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(norms[random.nextInt(3)]),
                capacity()));
  }

  @Test
  void switchTop1() {
    assertFollowsItsDefinition(1, n -> new GatingSpec.SwitchTop1(capacity()));
  }

  @Test
  void gshardTop2() {
    List<SecondChoice> policies =
        List.of(new SecondChoice.All(), new SecondChoice.None(), new SecondChoice.Threshold(0.3));
    assertFollowsItsDefinition(
        2, n -> new GatingSpec.GShardTop2(capacity(), policies.get(random.nextInt(3))));
  }

  @Test
  void nllbTop2() {
    assertFollowsItsDefinition(
        2,
        n ->
            new GatingSpec.NllbTop2(
                capacity(),
                Optional.empty(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean() ? 0.8f : 1f));
  }

  @Test
  void expertChoice() {
    assertFollowsItsDefinition(
        1,
        n -> {
          Capacity capacity = capacity();
          return new GatingSpec.ExpertChoice(
              capacity.limits() ? capacity : new Capacity.Fixed(1000),
              random.nextBoolean() ? Scores.OVER_EXPERTS : Scores.OVER_TOKENS);
        });
  }

  @Test
  void baseLayer() {
    assertFollowsItsDefinition(1, n -> new GatingSpec.BaseLayer());
  }

  @Test
  void topologyTop2() {
    for (int round = 0; round < ROUNDS; round++) {
      int perNode = 2 + random.nextInt(4);
      int nodes = 1 + random.nextInt(4);
      double[] fractions = {0, 0.14, 0.5, 1, random.nextDouble()};
      assertFollowsItsDefinition(
          new GatingSpec.TopologyTop2(
              1, perNode, random.nextInt(nodes), fractions[random.nextInt(5)]),
          nodes * perNode,
          new float[0]);
    }
  }

  @Test
  void aRowThatIsNotFiniteIsFlaggedAndTakesNoPlace() {
    List<GatingSpec> specs =
        List.of(
            GatingSpec.SoftmaxTopK.renormalized(2),
            new GatingSpec.GroupLimitedTopK(2, 2, 1, false, 1),
            new GatingSpec.SigmoidTopK(2, 2, 1, true, 1),
            new GatingSpec.SparseMixer(0.01f),
            new GatingSpec.TopKSoftmax(2),
            new GatingSpec.BaseLayer(),
            new GatingSpec.MegaBlocksTopK(2, OptionalDouble.empty(), new Capacity.Fixed(1)),
            new GatingSpec.SwitchTop1(new Capacity.Fixed(1)),
            new GatingSpec.GShardTop2(new Capacity.Fixed(1), new SecondChoice.All()),
            new GatingSpec.NllbTop2(new Capacity.Fixed(1), Optional.empty(), false, true, 1),
            new GatingSpec.ExpertChoice(new Capacity.Fixed(1), Scores.OVER_EXPERTS),
            new GatingSpec.ExpertChoice(new Capacity.Fixed(1), Scores.OVER_TOKENS),
            new GatingSpec.TopologyTop2(1, 2, 0, 1));
    for (GatingSpec spec : specs) {
      float[] bad = {Float.NaN, 1, 0, 3, 1, 0, -1, 2, 9, Float.POSITIVE_INFINITY, 0, 1};
      float[] alone = {1, 0, -1, 2};
      Assignments out = new Assignments();
      Assignments expected = new Assignments();

      GatingPolicy.of(spec, 4, new float[0], KERNELS).assign(bad, new int[0], 0, 3, out);
      GatingPolicy.of(spec, 4, new float[0], KERNELS).assign(alone, new int[0], 0, 1, expected);

      assertThat(out.rows()).isEqualTo(3);
      assertThat(new boolean[] {out.nonFinite(0), out.nonFinite(1), out.nonFinite(2)})
          .as(spec.toString())
          .containsExactly(true, false, true);
      assertThat(out.pairs()).as(spec.toString()).isPositive().isEqualTo(expected.pairs());
      for (int pair = 0; pair < out.pairs(); pair++) {
        assertThat(out.row(pair)).isEqualTo(1);
        assertThat(out.expert(pair)).isEqualTo(expected.expert(pair));
        assertThat(out.weight(pair)).isEqualTo(expected.weight(pair));
      }
    }
  }

  @Test
  void rulesThatDoNotFitTheExpertsAreRefused() {
    assertRefused(
        GatingSpec.SoftmaxTopK.renormalized(5),
        "num_experts_per_tok is 5, must be between 1 and the 4 experts");
    assertRefused(
        new GatingSpec.SigmoidTopK(2, 3, 2, true, 1),
        "n_group is 3, which does not divide the 4 experts");
    assertRefused(
        new GatingSpec.GroupLimitedTopK(3, 2, 1, false, 1),
        "num_experts_per_tok is 3, topk_group 1 of 2 experts each offers only 2");
    assertRefused(
        new GatingSpec.SigmoidTopK(1, 4, 2, true, 1),
        "n_group is 4, which leaves one expert a group, needs two");
    assertRefused(
        new GatingSpec.TopologyTop2(1, 2, 2, 0.1),
        "topology gate runs on node 2 of 2 experts each, the layer has only 4");
    assertRefused(
        new GatingSpec.SoftMixture(1),
        "gating policy is Soft MoE, which gives experts mixtures of a whole sequence and not"
            + " tokens; a router dispatches tokens, and serves its weights through Assignments"
            + " only");
    assertThatThrownBy(
            () ->
                GatingPolicy.of(
                    new GatingSpec.SigmoidTopK(2, 1, 1, true, 1), 4, new float[3], KERNELS))
        .hasMessage("e_score_correction_bias has 3 values, must have 4");
    assertThatThrownBy(() -> new GatingSpec.SigmoidTopK(2, 2, 3, true, 1))
        .hasMessage("topk_group is 3, must be between 1 and n_group, which is 2");
  }

  private static void assertRefused(GatingSpec spec, String sentence) {
    assertThatThrownBy(() -> GatingPolicy.of(spec, 4, new float[0], KERNELS)).hasMessage(sentence);
  }
}
