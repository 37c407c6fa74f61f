package io.expertmesh.protocol.core.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PlacementPlannerTest {
  /** Expert i of the layer has a share proportional to 1 / (rank + 1), in random order. */
  private static LayerLoads zipf(int experts, Random random) {
    long[] tokens = LongStream.rangeClosed(1, experts).map(rank -> 1_000_000 / rank).toArray();
    for (int i = experts - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      long swapped = tokens[i];
      tokens[i] = tokens[j];
      tokens[j] = swapped;
    }
    return new LayerLoads(3, tokens);
  }

  @Test
  void aZipfLoadOf64ExpertsOn8MachinesIsBalanced() {
    for (long seed = 0; seed < 20; seed++) {
      LayerLoads loads = zipf(64, new Random(seed));
      LayerPlacement placement = PlacementPlanner.place(loads, new MachineBudget(8, 10), List.of());

      assertThat(placement.balance()).as("seed %d", seed).isGreaterThanOrEqualTo(0.9);
    }
  }

  @Test
  void withoutSpareSlotsTheHottestExpertLimitsTheBalance() {
    LayerLoads loads = zipf(64, new Random(1));
    double hottest = 1_000_000;

    LayerPlacement placement = PlacementPlanner.place(loads, new MachineBudget(8, 8), List.of());

    assertThat(placement.balance())
        .isLessThanOrEqualTo(loads.total() / 8.0 / hottest)
        .isLessThan(0.9);
  }

  @Test
  void everyExpertHasAPlaceNoMachineIsOverfullAndNoTokenIsLost() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      int experts = 1 + random.nextInt(20);
      int machines = 1 + random.nextInt(6);
      int slots = (experts + machines - 1) / machines + random.nextInt(3);
      long[] tokens = random.longs(experts, 0, random.nextInt(4) == 0 ? 1 : 1000).toArray();
      LayerLoads loads = new LayerLoads(0, tokens);

      LayerPlacement placement =
          PlacementPlanner.place(loads, new MachineBudget(machines, slots), List.of());

      for (List<Integer> hosted : placement.machines()) {
        assertThat(hosted).as("seed %d", seed).hasSizeLessThanOrEqualTo(slots);
        assertThat(new HashSet<>(hosted)).as("seed %d", seed).hasSameSizeAs(hosted);
      }
      for (int expert = 0; expert < experts; expert++) {
        assertThat(placement.replicas(expert)).as("seed %d expert %d", seed, expert).isPositive();
      }
      double[] expected = new double[machines];
      for (int machine = 0; machine < machines; machine++) {
        for (int expert : placement.machines().get(machine)) {
          expected[machine] += tokens[expert] / (double) placement.replicas(expert);
        }
        assertThat(placement.expected().get(machine))
            .as("seed %d machine %d", seed, machine)
            .isCloseTo(expected[machine], within(1e-6));
      }
    }
  }

  @Test
  void planningTwiceGivesTheSamePlan() {
    LayerLoads loads = zipf(32, new Random(5));
    MachineBudget budget = new MachineBudget(4, 10);

    assertThat(PlacementPlanner.place(loads, budget, List.of()))
        .isEqualTo(PlacementPlanner.place(loads, budget, List.of()));
  }

  @Test
  void shadowedExpertsAreOnEveryMachine() {
    LayerLoads loads = zipf(16, new Random(6));

    LayerPlacement placement =
        PlacementPlanner.place(loads, new MachineBudget(4, 6), List.of(2, 9));

    assertThat(placement.replicas(2)).isEqualTo(4);
    assertThat(placement.replicas(9)).isEqualTo(4);
  }

  @Test
  void tooFewSlotsAreRefused() {
    assertThatThrownBy(
            () ->
                PlacementPlanner.place(
                    new LayerLoads(2, new long[9]), new MachineBudget(2, 4), List.of()))
        .hasMessage("2 machines have 8 slots, layer 2 needs at least 9");
  }

  @Test
  void theReleasedShadowingNumbersAreReproduced() {
    // 50 Gbit/s, 11.5 Tflop/s, rows of 2048 floats, ratio 2
    ShadowingRule rule = ShadowingRule.training(50e9 / 8, 11.5e12, 2048, 2);

    assertThat(rule.secondsPerCopy()).isCloseTo(0.010737418, within(1e-9));
    assertThat(rule.seconds(1)).isCloseTo(3 * 2.917777e-6 + 4 * 1.31072e-6, within(1e-11));
    // 14.0 µs a token: an expert pays for its copy if the next hottest has 767 tokens fewer
    assertThat(rule.shadowed(new LayerLoads(0, new long[] {100, 4000, 90, 1000, 950})))
        .containsExactly(1);
    assertThat(rule.shadowed(new LayerLoads(0, new long[] {700, 4000, 1000, 2500})))
        .containsExactly(1, 3);
    assertThat(rule.shadowed(new LayerLoads(0, new long[] {1000, 999, 998}))).isEmpty();
    assertThat(rule.shadowed(new LayerLoads(0, new long[] {1_000_000}))).isEmpty();
  }

  @Test
  void servingCountsOneComputationAndTwoTransfers() {
    ShadowingRule rule = ShadowingRule.serving(50e9 / 8, 11.5e12, 2048, 2);

    assertThat(rule.seconds(1)).isCloseTo(2.917777e-6 + 2 * 1.31072e-6, within(1e-11));
    assertThat(rule.shadowed(new LayerLoads(0, new long[] {3000, 1000}))).containsExactly(0);
    assertThat(rule.shadowed(new LayerLoads(0, new long[] {2900, 1000}))).isEmpty();
  }

  @Test
  void theLastExpertIsNeverShadowed() {
    ShadowingRule rule = ShadowingRule.training(1e12, 1, 1, 1);
    long[] tokens = IntStream.range(0, 8).mapToLong(i -> 1L << (20 - 2 * i)).toArray();

    assertThat(rule.shadowed(new LayerLoads(0, tokens))).containsExactly(0, 1, 2, 3, 4, 5, 6);
  }
}
