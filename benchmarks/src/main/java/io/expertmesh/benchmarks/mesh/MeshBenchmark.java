package io.expertmesh.benchmarks.mesh;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Decode rate, TTFT and TPOT at 1, 8 and 32 concurrent requests, prompts of 64 tokens, and the time
 * until the last of 32 prompts has its first token.
 *
 * <pre>
 * MeshBenchmark mesh http://127.0.0.1:8080 MODEL_DIR    a running mesh, over HTTP
 * MeshBenchmark local MODEL_DIR THREADS                 the same engine in this process, with the memory limit of the run
 * </pre>
 */
public final class MeshBenchmark {
  private static final int PROMPT = 64;
  private static final int NEW_TOKENS = 32;
  private static final int ROUNDS = 3;

  private MeshBenchmark() {}

  /** Runs it. */
  public static void main(String[] args) throws Exception {
    switch (args.length > 0 ? args[0] : "") {
      case "mesh" -> {
        try (LoadTarget mesh = new HttpTarget(URI.create(args[1]))) {
          runAll(mesh, vocabulary(Path.of(args[2])));
        }
      }
      case "local" -> local(Path.of(args[1]), Integer.parseInt(args[2]));
      default ->
          throw new IllegalArgumentException("mesh URL MODEL_DIR, or local MODEL_DIR THREADS");
    }
  }

  private static void local(Path model, int threads) throws Exception {
    double bandwidth = ReadBandwidth.measure(threads);
    System.out.printf(
        Locale.ROOT, "read bandwidth with %d threads: %.1f GB/s%n", threads, bandwidth / 1e9);
    try (InProcessTarget target = new InProcessTarget(model, threads)) {
      System.out.println("provider: " + target.provider());
      runAll(target, vocabulary(model));
      for (int concurrency : new int[] {1, 8, 32}) {
        long bytes = target.weightBytesRead();
        long steps = target.steps();
        new LoadRun(concurrency, 1, NEW_TOKENS, vocabulary(model)).against(target, 99);
        double bytesPerStep =
            (target.weightBytesRead() - bytes) / (double) (target.steps() - steps);
        System.out.printf(
            Locale.ROOT,
            "concurrency %d: %.0f MB of weights per step, limit %.0f tokens/s%n",
            concurrency,
            bytesPerStep / 1e6,
            concurrency * bandwidth / bytesPerStep);
      }
    }
  }

  private static int vocabulary(Path model) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      return checkpoint.spec().vocabSize();
    }
  }

  private static void runAll(LoadTarget target, int vocabulary) throws Exception {
    for (int warm = 0; warm < 2; warm++) {
      new LoadRun(32, PROMPT, 32, vocabulary).against(target, 1000 + warm);
      new LoadRun(2, PROMPT, 32, vocabulary).against(target, 2000 + warm);
    }
    System.out.println(
        "concurrency  decode tok/s  TTFT p50 ms  last TTFT ms  TPOT p50 ms   (medians of "
            + ROUNDS
            + ")");
    for (int concurrency : new int[] {1, 8, 32}) {
      double[][] columns = new double[4][ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        LoadRun.Figures figures =
            new LoadRun(concurrency, PROMPT, NEW_TOKENS, vocabulary)
                .against(target, concurrency * 100L + round);
        columns[0][round] = figures.decodeTokensPerSecond();
        columns[1][round] = figures.medianTtft();
        columns[2][round] = figures.lastTtft();
        columns[3][round] = figures.medianTpot();
      }
      System.out.printf(
          Locale.ROOT,
          "%11d  %12.1f  %11.1f  %12.1f  %11.2f%n",
          concurrency,
          median(columns[0]),
          median(columns[1]),
          median(columns[2]),
          median(columns[3]));
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
