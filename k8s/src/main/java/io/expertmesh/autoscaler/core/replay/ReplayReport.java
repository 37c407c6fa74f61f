package io.expertmesh.autoscaler.core.replay;

import io.expertmesh.autoscaler.core.replay.ReplayResult.Minute;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A replay as lines of text: plots over the day, and the sums. */
public final class ReplayReport {
  private static final int WIDTH = 96;
  private static final int HEIGHT = 8;

  private ReplayReport() {}

  /** Plots and sums. */
  public static List<String> lines(ReplayResult result) {
    List<String> lines = new ArrayList<>();
    plot(lines, "demand (busy replicas)", result, Minute::demand);
    plot(lines, "replicas", result, Minute::replicas);
    plot(lines, "replicas of the hottest shard", result, Minute::hottestReplicas);
    plot(lines, "utilisation", result, Minute::utilisation);
    lines.add(sum("replica-seconds, this autoscaler", result.replicaSeconds()));
    lines.add(
        sum("replica-seconds, static for the peak of each shard", result.staticReplicaSeconds()));
    lines.add(sum("replica-seconds, perfect foresight", result.foresightReplicaSeconds()));
    lines.add(sum("saved against static (%)", 100 * result.saved()));
    lines.add(
        sum(
            "could be saved at most (%)",
            100 * (1 - result.foresightReplicaSeconds() / result.staticReplicaSeconds())));
    lines.add(sum("work that waited longer than the objective (%)", 100 * result.violations()));
    lines.add(sum("mean utilisation (%)", 100 * result.utilisation()));
    return lines;
  }

  private static String sum(String name, double value) {
    return String.format(Locale.ROOT, "%-52s %14.2f", name, value);
  }

  /** One row per minute, comma-separated, with a header. */
  public static List<String> csv(ReplayResult result) {
    List<String> rows = new ArrayList<>();
    rows.add("minute,demand,replicas,foresight,utilisation,hottest_demand,hottest_replicas");
    for (int i = 0; i < result.minutes().length; i++) {
      Minute m = result.minutes()[i];
      rows.add(
          String.format(
              Locale.ROOT,
              "%d,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f",
              i,
              m.demand(),
              m.replicas(),
              m.foresight(),
              m.utilisation(),
              m.hottest(),
              m.hottestReplicas()));
    }
    return rows;
  }

  private static void plot(
      List<String> lines, String title, ReplayResult result, ToDoubleFunction<Minute> value) {
    int columns = Math.min(WIDTH, Math.max(1, result.minutes().length));
    double[] heights = new double[columns];
    for (int column = 0; column < columns; column++) {
      int from = column * result.minutes().length / columns;
      int to = Math.max(from + 1, (column + 1) * result.minutes().length / columns);
      for (int i = from; i < to && i < result.minutes().length; i++) {
        heights[column] = Math.max(heights[column], value.applyAsDouble(result.minutes()[i]));
      }
    }
    double top = Math.max(1e-9, java.util.Arrays.stream(heights).max().orElse(0));
    lines.add(title);
    for (int row = HEIGHT; row > 0; row--) {
      StringBuilder line = new StringBuilder();
      line.append(String.format(Locale.ROOT, "%8.2f |", top * row / HEIGHT));
      for (double height : heights) {
        line.append(height >= top * (row - 0.5) / HEIGHT ? '#' : ' ');
      }
      lines.add(line.toString().stripTrailing());
    }
    lines.add("         +" + "-".repeat(columns));
  }
}
