package io.expertmesh.benchmarks.routing;

import io.expertmesh.model.core.RandomCheckpoint;
import io.expertmesh.model.core.RandomShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * One routed layer, attention → router → experts → router → attention, over loopback gRPC: the
 * router and each expert-service are processes as {@code ./mesh up} starts them, this process is
 * the attention-service with its own client. Prints the time of a call, what the roles used, and
 * what travelled; fails if a message left the fast path of the marshaller.
 *
 * <pre>
 * benchmarks/run routed-layer
 * benchmarks/run routed-layer --inner=64 --shards=8 --calls=10000
 * </pre>
 *
 * Keys and defaults: tokens 32, hidden 1024, inner 64,3584, experts 8, top-k 2, shards 2,8, layers
 * 1, dtype bf16, provider auto, warmup 3000, calls 3000.
 */
public final class RoutedLayerBenchmark {
  private RoutedLayerBenchmark() {}

  /** Runs it. */
  public static void main(String[] args) throws IOException, InterruptedException {
    RoutedOptions options = RoutedOptions.parse(args);
    RunnableTree tree = RunnableTree.fromProperties();
    Path folder = Files.createTempDirectory("routed-layer");
    Thread atExit = new Thread(() -> delete(folder));
    Runtime.getRuntime().addShutdownHook(atExit);
    System.out.println(options);
    System.out.println(RoutedFigures.header());
    long fallbacks = 0;
    for (int inner : options.inner()) {
      Path model = folder.resolve("inner-" + inner);
      RandomCheckpoint.write(model, shape(options, inner), Long.MAX_VALUE);
      for (int shards : options.shards()) {
        try (RoutedMesh mesh = RoutedMesh.start(tree, model, folder, options, shards)) {
          RoutedFigures figures = new RoutedRun(mesh, model, options).measure();
          System.out.println(figures.line(inner, shards, options));
          fallbacks += figures.fallbacks();
        }
      }
      delete(model);
    }
    if (fallbacks != 0) {
      throw new IllegalStateException(fallbacks + " messages left the marshaller's fast path");
    }
  }

  private static RandomShape shape(RoutedOptions options, int inner) {
    return new RandomShape(
        options.layers(),
        options.hidden(),
        inner,
        options.experts(),
        options.topK(),
        1,
        1,
        64,
        64,
        64,
        options.dtype(),
        1);
  }

  private static void delete(Path folder) {
    try (Stream<Path> tree = Files.walk(folder)) {
      List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      System.err.println("could not delete " + folder + ": " + e.getMessage());
    }
  }
}
