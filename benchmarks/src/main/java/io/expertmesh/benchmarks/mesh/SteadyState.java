package io.expertmesh.benchmarks.mesh;

import java.util.Locale;

/**
 * Uses a target until it gets no faster. Every process of a mesh compiles its own hot code, on
 * cores that they share here; until then a mesh is up to twice as slow as afterwards.
 */
final class SteadyState {
  private static final int CONCURRENCY = 32;
  private static final int PATIENCE = 4;
  private static final int MOST_ROUNDS = 24;
  private static final double GAIN = 1.02;

  private SteadyState() {}

  /**
   * Runs 32 requests, and then 2, over and over until no round of the last four was 2 per cent
   * better than the best before them.
   */
  static void reach(String name, LoadTarget target, int promptTokens, int vocabulary)
      throws Exception {
    double best = 0;
    int since = 0;
    int round = 0;
    StringBuilder rates = new StringBuilder();
    for (; round < MOST_ROUNDS && since < PATIENCE; round++) {
      double rate =
          new LoadRun(CONCURRENCY, promptTokens, CONCURRENCY, vocabulary)
              .against(target, 1000L + round)
              .decodeTokensPerSecond();
      new LoadRun(2, promptTokens, CONCURRENCY, vocabulary).against(target, 2000L + round);
      rates.append(String.format(Locale.ROOT, " %.0f", rate));
      since = rate > best * GAIN ? 0 : since + 1;
      best = Math.max(best, rate);
    }
    System.out.println("warming " + name + ", decode tokens/s at " + CONCURRENCY + ":" + rates);
  }
}
