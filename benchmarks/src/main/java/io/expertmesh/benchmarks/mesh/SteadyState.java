package io.expertmesh.benchmarks.mesh;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Uses a target until it gets no faster. Every process of a mesh compiles its own hot code, on
 * cores that they share here; until then a mesh is up to twice as slow as afterwards.
 */
final class SteadyState {
  private static final int CONCURRENCY = 32;
  private static final int WINDOW = 5;
  private static final int LEAST_ROUNDS = 24;
  private static final int MOST_ROUNDS = 60;
  private static final double GAIN = 1.02;

  private SteadyState() {}

  /**
   * Runs 32 requests, and then 2, over and over until the median rate of five rounds is not 2 per
   * cent above that of the five rounds before. A median, because single rounds say little on a
   * machine that others share: one lucky round would end the warming of a target that still grows.
   * At least 24 rounds, because a slow minute looks the same as a target that no longer grows.
   */
  static void reach(String name, LoadTarget target, int promptTokens, int vocabulary)
      throws Exception {
    List<Double> rates = new ArrayList<>();
    while (rates.size() < MOST_ROUNDS && growing(rates)) {
      long round = rates.size();
      rates.add(
          new LoadRun(CONCURRENCY, promptTokens, CONCURRENCY, vocabulary)
              .against(target, 1000 + round)
              .decodeTokensPerSecond());
      new LoadRun(2, promptTokens, CONCURRENCY, vocabulary).against(target, 2000 + round);
    }
    System.out.println(
        rates.stream()
            .map(rate -> String.format(Locale.ROOT, " %.0f", rate))
            .collect(
                Collectors.joining(
                    "", "warming " + name + ", decode tokens/s at " + CONCURRENCY + ":", "")));
  }

  private static boolean growing(List<Double> rates) {
    int size = rates.size();
    return size < LEAST_ROUNDS
        || Medians.of(rates.subList(size - WINDOW, size))
            > GAIN * Medians.of(rates.subList(size - 2 * WINDOW, size - WINDOW));
  }
}
