package io.expertmesh.router.core.gating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.Capacity;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.GatingSpec.ExpertChoice.Scores;
import io.expertmesh.model.core.SecondChoice;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Numbers that reference implementations, or the papers' formulas, give for fixed logits. */
class ReferenceVectorsTest {
  private static final Kernels KERNELS = KernelProviders.select("vector", DType.F32).kernels();
  private static final float[] EIGHT = {1, .5f, -.25f, 2, .75f, -1, .25f, 1.5f};

  /** Six tokens, three experts. */
  private static final float[] SIX = {2, 1, 0, 1.5f, 0, 1, 3, 2.5f, 0, 0, 2, 1, 1, .5f, 0, 0, 1, 3};

  private static final Capacity TWO = new Capacity.Fixed(2);

  private static Assignments assign(GatingSpec spec, int experts, float[] logits, float... table) {
    Assignments out = new Assignments();
    GatingPolicy.of(spec, experts, table, KERNELS)
        .assign(logits.clone(), new int[0], 0, logits.length / experts, out);
    return out;
  }

  private static void assertWeights(Assignments out, int row, Map<Integer, Double> expected) {
    Map<Integer, Double> actual = new TreeMap<>();
    for (int pair = out.start(row); pair < out.start(row + 1); pair++) {
      actual.put(out.expert(pair), (double) out.weight(pair));
    }
    assertThat(actual.keySet()).as("row %d", row).isEqualTo(new TreeMap<>(expected).keySet());
    expected.forEach(
        (expert, weight) ->
            assertThat(actual.get(expert))
                .as("row %d expert %d", row, expert)
                .isCloseTo(weight, within(4e-7)));
  }

  private static String dropped(Assignments out) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < out.dropped().size(); i++) {
      text.append("t%d e%d ".formatted(out.dropped().row(i), out.dropped().expert(i)));
    }
    return text.toString().strip();
  }

  @Test
  void mixtral() {
    assertWeights(
        assign(GatingSpec.SoftmaxTopK.renormalized(2), 8, EIGHT),
        0,
        Map.of(3, .622459292, 7, .377540648));
  }

  @Test
  void qwenAndOlmoe() {
    assertWeights(
        assign(new GatingSpec.SoftmaxTopK(3, false, 1), 8, EIGHT),
        0,
        Map.of(3, .355491668, 7, .215616599, 0, .130778074));
    assertWeights(
        assign(new GatingSpec.SoftmaxTopK(3, true, 1), 8, EIGHT),
        0,
        Map.of(3, .506480396, 7, .307195872, 0, .186323717));
  }

  @Test
  void deepSeekV2() {
    assertWeights(
        assign(new GatingSpec.SoftmaxTopK(3, false, 1.7f), 8, EIGHT),
        0,
        Map.of(3, .604335845, 7, .36654824, 0, .222322732));
    assertWeights(
        assign(new GatingSpec.GroupLimitedTopK(3, 4, 2, false, 1.7f), 8, EIGHT),
        0,
        Map.of(3, .604335845, 7, .36654824, 6, .105017826));
  }

  @Test
  void deepSeekV3() {
    GatingSpec rule = new GatingSpec.SigmoidTopK(3, 4, 2, true, 2.5f);
    Map<Integer, Double> withoutBias = Map.of(7, .941432059, 0, .841809571, 1, .716758251);

    assertWeights(assign(rule, 8, EIGHT), 0, withoutBias);
    assertWeights(assign(rule, 8, EIGHT, new float[8]), 0, withoutBias);
    assertWeights(
        assign(rule, 8, EIGHT, 0, .3f, .5f, 0, -.1f, .6f, 0, -.2f),
        0,
        Map.of(2, .563891649, 1, .801692069, 3, 1.13441622));
  }

  @Test
  void phiMoe() {
    GatingSpec rule = new GatingSpec.SparseMixer(.01f);
    float[] close = {1, .5f, -.25f, 2, .75f, -1, 1.97f, 1.95f};

    assertWeights(assign(rule, 8, EIGHT), 0, Map.of(3, 1.0, 7, 1.0));
    assertWeights(assign(rule, 8, close), 0, Map.of(3, .507499397, 6, .504999876));
  }

  @Test
  void gptOssWithItsBias() {
    float[] biased = EIGHT.clone();
    biased[6] += 1;

    assertWeights(
        assign(new GatingSpec.TopKSoftmax(4), 8, biased),
        0,
        Map.of(3, .408700973, 7, .247889668, 6, .193056658, 0, .150352687));
  }

  @Test
  void shazeersGateWithoutNoise() {
    assertWeights(
        assign(new GatingSpec.TopKSoftmax(2), 4, new float[] {1, .5f, -.25f, 2}),
        0,
        Map.of(3, .7310586, 0, .26894143));
  }

  @Test
  void shazeersGateWithNoise() {
    NoisyTopK gate = new NoisyTopK(2, 4, KERNELS);

    gate.gate(
        new float[] {1, .5f, -.25f, 2},
        new float[] {0, -1, 1, .5f},
        new float[] {.3f, 1.2f, -.4f, -.9f});

    assertClose(gate.deviations(), .70314717, .32326168, 1.3232616, .98407698);
    assertClose(gate.noisy(), 1.2109442, .88791406, -.77930468, 1.1143308);
    assertClose(gate.gates(), .52413458, 0, 0, .47586542);
    assertThat(gate.load())
        .containsExactly(new double[] {.56332552, .028689444, .15126193, .8707788}, within(3e-7));
  }

  private static void assertClose(float[] actual, double... expected) {
    double[] widened = new double[actual.length];
    for (int i = 0; i < actual.length; i++) {
      widened[i] = actual[i];
    }
    assertThat(widened).containsExactly(expected, within(3e-7));
  }

  @Test
  void withEveryExpertChosenTheLoadCountsGates() {
    NoisyTopK gate = new NoisyTopK(2, 2, KERNELS);

    gate.gate(new float[] {1, 0}, new float[2], new float[2]);

    assertThat(gate.load()).containsExactly(1, 1);
  }

  @Test
  void switchWithCapacityTwo() {
    Assignments out = assign(new GatingSpec.SwitchTop1(TWO), 3, SIX);

    assertWeights(out, 0, Map.of(0, .66524094));
    assertWeights(out, 1, Map.of(0, .54654938));
    assertWeights(out, 2, Map.of());
    assertWeights(out, 3, Map.of(1, .66524088));
    assertWeights(out, 4, Map.of());
    assertWeights(out, 5, Map.of(2, .8437947));
    assertThat(dropped(out)).isEqualTo("t2 e0 t4 e0");
  }

  @Test
  void theLossesOfTheSixTokens() {
    GateLosses losses = GateLosses.of(SIX, 6, 3, KERNELS);

    assertThat(losses.auxiliary()).isCloseTo(1.11351514, within(1e-7));
    assertThat(losses.z()).isCloseTo(6.86232185, within(1e-6));
    assertThat(GateLosses.of(EIGHT, 1, 8, KERNELS).z()).isCloseTo(9.20669466, within(1e-6));
  }

  @Test
  void anEvenGateHasAnAuxiliaryLossOfOneAndRowsThatAreNotFiniteCountNothing() {
    float[] even = {5, 0, 0, 5, Float.NaN, 1};

    assertThat(GateLosses.of(even, 2, 2, KERNELS).auxiliary()).isCloseTo(1, within(1e-12));
    assertThat(GateLosses.of(even, 3, 2, KERNELS)).isEqualTo(GateLosses.of(even, 2, 2, KERNELS));
    assertThat(GateLosses.of(even, 0, 2, KERNELS)).isEqualTo(new GateLosses(0, 0));
  }

  @Test
  void gshardWithCapacityTwo() {
    assertGShardTable(assign(new GatingSpec.GShardTop2(TWO, new SecondChoice.All()), 3, SIX));
  }

  private static void assertGShardTable(Assignments out) {
    assertWeights(out, 0, Map.of(0, .7310586, 1, .2689414));
    assertWeights(out, 1, Map.of(0, .6224593, 2, .3775407));
    assertWeights(out, 2, Map.of());
    assertWeights(out, 3, Map.of(1, .7310586));
    assertWeights(out, 4, Map.of());
    assertWeights(out, 5, Map.of(2, .8807971));
    assertThat(dropped(out)).isEqualTo("t2 e0 t2 e1 t3 e2 t4 e0 t4 e1 t5 e1");
  }

  @Test
  void nllbWithCapacityTwo() {
    Assignments after =
        assign(new GatingSpec.NllbTop2(TWO, Optional.empty(), false, false, 1), 3, SIX);

    assertWeights(after, 0, Map.of(0, .7310586, 1, .2689414));
    assertWeights(after, 1, Map.of(0, .6224593, 2, .3775407));
    assertWeights(after, 2, Map.of());
    assertWeights(after, 3, Map.of(1, 1.0));
    assertWeights(after, 4, Map.of());
    assertWeights(after, 5, Map.of(2, 1.0));
    assertGShardTable(
        assign(new GatingSpec.NllbTop2(TWO, Optional.empty(), true, false, 1), 3, SIX));
  }

  @Test
  void nllbWithTheMostProbableTokensFirst() {
    Assignments out =
        assign(new GatingSpec.NllbTop2(TWO, Optional.empty(), false, true, .8f), 3, SIX);

    assertWeights(out, 0, Map.of(0, .8));
    assertWeights(out, 1, Map.of());
    assertWeights(out, 2, Map.of(0, .8));
    assertWeights(out, 3, Map.of(1, .8 * .7310586, 2, .8 * .2689414));
    assertWeights(out, 4, Map.of());
    assertWeights(out, 5, Map.of(2, .8 * .8807971, 1, .8 * .1192029));
  }

  @Test
  void expertChoiceWithCapacityTwo() {
    Assignments out = assign(new GatingSpec.ExpertChoice(TWO, Scores.OVER_EXPERTS), 3, SIX);

    assertWeights(out, 0, Map.of(0, .66524094));
    assertWeights(out, 1, Map.of(2, .33149895));
    assertWeights(out, 2, Map.of(0, .60374892, 1, .36619222));
    assertWeights(out, 3, Map.of(1, .66524088));
    assertWeights(out, 4, Map.of());
    assertWeights(out, 5, Map.of(2, .8437947));
    assertThat(dropped(out)).isEmpty();
  }

  @Test
  void megaBlocksNorms() {
    assertWeights(
        assign(
            new GatingSpec.MegaBlocksTopK(2, OptionalDouble.of(2), new Capacity.Unlimited()),
            8,
            EIGHT),
        0,
        Map.of(
            3, .355491668 / Math.hypot(.355491668, .215616599),
            7, .215616599 / Math.hypot(.355491668, .215616599)));
  }

  @Test
  void capacitiesOfTheReferences() {
    Capacity meshTensorFlow = new Capacity.PerExpert(2.0, RoundingMode.DOWN, 4);
    Capacity flaxformer = new Capacity.PerExpert(1.25, RoundingMode.HALF_EVEN, 4);

    assertThat(meshTensorFlow.of(1024, 64)).isEqualTo(32);
    assertThat(meshTensorFlow.of(100, 64)).isEqualTo(4);
    assertThat(meshTensorFlow.of(2, 1)).isEqualTo(4);
    assertThat(flaxformer.of(10, 5)).isEqualTo(4);
    assertThat(flaxformer.of(100, 10)).isEqualTo(12);
    assertThat(new Capacity.PerExpert(1.25, RoundingMode.HALF_EVEN, 0).of(2, 1)).isEqualTo(2);
    assertThat(new Capacity.Fraction(.5).of(5, 3)).isEqualTo(3);
    assertThat(new Capacity.Fraction(1).of(7, 3)).isEqualTo(7);
    assertThat(TWO.of(7, 3)).isEqualTo(2);
  }
}
