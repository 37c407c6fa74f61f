package io.expertmesh.benchmarks.mesh;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Two running meshes, round by round in turn, for what a setting costs: both on one machine, the
 * one that is not asked being idle. A request that fails ends the run.
 *
 * @param first the mesh in question
 * @param second the one that it is compared with
 * @param vocabulary prompt ids are drawn below this
 */
record MeshPair(LoadTarget first, LoadTarget second, int vocabulary) {
  private static final int CONCURRENCY = 8;
  private static final int PROMPT = 32;
  private static final int NEW_TOKENS = 64;

  /** Warms both up, compares them for some minutes, and prints every pair and the medians. */
  void compare(double minutes) throws Exception {
    SteadyState.reach("A", first, PROMPT, vocabulary);
    SteadyState.reach("B", second, PROMPT, vocabulary);
    LoadRun run = new LoadRun(CONCURRENCY, PROMPT, NEW_TOKENS, vocabulary);
    List<LoadRun.Figures> ofFirst = new ArrayList<>();
    List<LoadRun.Figures> ofSecond = new ArrayList<>();
    StolenTime stolen = new StolenTime();
    long end = System.nanoTime() + (long) (minutes * TimeUnit.MINUTES.toNanos(1));
    while (System.nanoTime() < end) {
      long seed = ofFirst.size();
      if (seed % 2 == 0) {
        ofFirst.add(run.against(first, seed));
        ofSecond.add(run.against(second, seed));
      } else {
        ofSecond.add(run.against(second, seed));
        ofFirst.add(run.against(first, seed));
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d pairs of rounds, %d requests at a time, %.1f%% stolen; medians:%n%s%s%s",
        ofFirst.size(),
        CONCURRENCY,
        100 * stolen.share(),
        line("decode tok/s", ofFirst, ofSecond, LoadRun.Figures::decodeTokensPerSecond),
        line("gap p50 ms", ofFirst, ofSecond, LoadRun.Figures::medianGap),
        line("gap p99 ms", ofFirst, ofSecond, LoadRun.Figures::p99Gap));
  }

  private static String line(
      String name,
      List<LoadRun.Figures> ofFirst,
      List<LoadRun.Figures> ofSecond,
      ToDoubleFunction<LoadRun.Figures> column) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < ofFirst.size(); i++) {
      ratios.add(column.applyAsDouble(ofFirst.get(i)) / column.applyAsDouble(ofSecond.get(i)));
    }
    ratios.sort(null);
    int pairs = ratios.size();
    return String.format(
        Locale.ROOT,
        "%12s  A %8.2f  B %8.2f  A / B %.3f (middle half of the pairs %.3f to %.3f)%n",
        name,
        Medians.of(ofFirst, column),
        Medians.of(ofSecond, column),
        ratios.get(pairs / 2),
        ratios.get(pairs / 4),
        ratios.get(3 * pairs / 4));
  }
}
