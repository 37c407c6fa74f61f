package io.expertmesh.benchmarks.mesh;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Decode rate, TTFT and TPOT at 1, 8 and 32 concurrent requests, prompts of 64 tokens, and the time
 * until the last of 32 prompts has its first token, after warming up.
 *
 * <pre>
 * MeshBenchmark mesh http://127.0.0.1:8080 MODEL_DIR    a running mesh, over HTTP
 * MeshBenchmark local MODEL_DIR THREADS                 the same engine in this process, with the memory limit of the run
 * MeshBenchmark compare http://127.0.0.1:8080 MODEL_DIR THREADS
 *                                                       both, round by round in turn
 * MeshBenchmark pair URL_A URL_B MODEL_DIR MINUTES      two running meshes, round by round in turn
 * </pre>
 */
public final class MeshBenchmark {
  private static final int PROMPT = 64;
  private static final int NEW_TOKENS = 32;
  private static final int ROUNDS = 5;
  private static final int[] CONCURRENCIES = {1, 8, 32};

  private MeshBenchmark() {}

  /** Runs it. */
  public static void main(String[] args) throws Exception {
    switch (args.length > 0 ? args[0] : "") {
      case "mesh" -> {
        try (LoadTarget mesh = new HttpTarget(URI.create(args[1]))) {
          alone("mesh", mesh, vocabulary(Path.of(args[2])));
        }
      }
      case "local" -> local(Path.of(args[1]), Integer.parseInt(args[2]));
      case "compare" -> compare(URI.create(args[1]), Path.of(args[2]), Integer.parseInt(args[3]));
      case "pair" -> {
        try (LoadTarget first = new HttpTarget(URI.create(args[1]));
            LoadTarget second = new HttpTarget(URI.create(args[2]))) {
          new MeshPair(first, second, vocabulary(Path.of(args[3])))
              .compare(Double.parseDouble(args[4]));
        }
      }
      default ->
          throw new IllegalArgumentException(
              "mesh URL MODEL_DIR, local MODEL_DIR THREADS, compare URL MODEL_DIR THREADS,"
                  + " or pair URL_A URL_B MODEL_DIR MINUTES");
    }
  }

  private static void local(Path model, int threads) throws Exception {
    double bandwidth = bandwidth(threads);
    try (InProcessTarget target = new InProcessTarget(model, threads)) {
      System.out.println("provider: " + target.provider());
      alone("one process", target, vocabulary(model));
      limits(target, vocabulary(model), bandwidth);
    }
  }

  private static double bandwidth(int threads) throws InterruptedException {
    double bandwidth = ReadBandwidth.measure(threads);
    System.out.printf(
        Locale.ROOT, "read bandwidth with %d threads: %.1f GB/s%n", threads, bandwidth / 1e9);
    return bandwidth;
  }

  /** What the memory would allow, from the weights that the steps of a run have to read. */
  private static void limits(InProcessTarget target, int vocabulary, double bandwidth)
      throws Exception {
    for (int concurrency : CONCURRENCIES) {
      long bytes = target.weightBytesRead();
      long steps = target.steps();
      new LoadRun(concurrency, 1, NEW_TOKENS, vocabulary).against(target, 99);
      double bytesPerStep = (target.weightBytesRead() - bytes) / (double) (target.steps() - steps);
      System.out.printf(
          Locale.ROOT,
          "concurrency %d: %.0f MB of weights per step, limit %.0f tokens/s%n",
          concurrency,
          bytesPerStep / 1e6,
          concurrency * bandwidth / bytesPerStep);
    }
  }

  private static int vocabulary(Path model) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      return checkpoint.spec().vocabSize();
    }
  }

  private static void alone(String name, LoadTarget target, int vocabulary) throws Exception {
    SteadyState.reach(name, target, PROMPT, vocabulary);
    System.out.println(Rounds.header());
    for (int concurrency : CONCURRENCIES) {
      LoadRun run = new LoadRun(concurrency, PROMPT, NEW_TOKENS, vocabulary);
      Rounds rounds = new Rounds();
      for (int round = 0; round < ROUNDS; round++) {
        rounds.add(target, run, concurrency * 100L + round);
      }
      System.out.println(rounds.line(name, concurrency));
    }
  }

  /**
   * Machines that others share are fast now and slow a minute later, so rounds of the two
   * alternate, each pair in the other order than the pair before.
   */
  private static void compare(URI url, Path model, int threads) throws Exception {
    int vocabulary = vocabulary(model);
    double bandwidth = bandwidth(threads);
    try (LoadTarget mesh = new HttpTarget(url);
        InProcessTarget process = new InProcessTarget(model, threads)) {
      SteadyState.reach("one process", process, PROMPT, vocabulary);
      SteadyState.reach("mesh", mesh, PROMPT, vocabulary);
      System.out.println(Rounds.header());
      for (int concurrency : CONCURRENCIES) {
        LoadRun run = new LoadRun(concurrency, PROMPT, NEW_TOKENS, vocabulary);
        Rounds ofMesh = new Rounds();
        Rounds ofProcess = new Rounds();
        for (int round = 0; round < ROUNDS; round++) {
          long seed = concurrency * 100L + round;
          if (round % 2 == 0) {
            ofMesh.add(mesh, run, seed);
            ofProcess.add(process, run, seed);
          } else {
            ofProcess.add(process, run, seed);
            ofMesh.add(mesh, run, seed);
          }
        }
        System.out.println(ofMesh.line("mesh", concurrency));
        System.out.println(ofProcess.line("one process", concurrency));
        System.out.printf(
            Locale.ROOT,
            "%19s  %11d  %12.2f  (median of %d pairs)%n",
            "mesh / one process",
            concurrency,
            ofMesh.ratioTo(ofProcess),
            ROUNDS);
      }
      limits(process, vocabulary, bandwidth);
    }
  }
}
