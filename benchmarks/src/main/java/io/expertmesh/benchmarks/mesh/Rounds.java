package io.expertmesh.benchmarks.mesh;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What the rounds of one target at one concurrency showed. */
final class Rounds {
  private final List<LoadRun.Figures> figures = new ArrayList<>();
  private final List<Double> stolen = new ArrayList<>();

  /** Runs one more. */
  void add(LoadTarget target, LoadRun run, long seed) throws Exception {
    StolenTime time = new StolenTime();
    figures.add(run.against(target, seed));
    stolen.add(time.share());
  }

  static String header() {
    return "             target  concurrency  decode tok/s  TTFT p50 ms  last TTFT ms  TPOT p50 ms"
        + "  stolen";
  }

  /** One line of a table: medians. */
  String line(String name, int concurrency) {
    return String.format(
        Locale.ROOT,
        "%19s  %11d  %12.1f  %11.1f  %12.1f  %11.2f  %5.1f%%",
        name,
        concurrency,
        median(LoadRun.Figures::decodeTokensPerSecond),
        median(LoadRun.Figures::medianTtft),
        median(LoadRun.Figures::lastTtft),
        median(LoadRun.Figures::medianTpot),
        100 * Medians.of(stolen));
  }

  /** Median over the pairs of rounds of this one's decode rate divided by the other's. */
  double ratioTo(Rounds other) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < figures.size(); i++) {
      ratios.add(
          figures.get(i).decodeTokensPerSecond() / other.figures.get(i).decodeTokensPerSecond());
    }
    return Medians.of(ratios);
  }

  private double median(ToDoubleFunction<LoadRun.Figures> column) {
    return Medians.of(figures, column);
  }
}
