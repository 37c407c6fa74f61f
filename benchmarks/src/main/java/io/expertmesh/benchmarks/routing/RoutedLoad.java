package io.expertmesh.benchmarks.routing;

import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.attention.core.RoutedLayers;
import io.expertmesh.attention.core.RoutedRows;
import io.expertmesh.model.kernel.Kernels;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Calls of a routed layer, one after the other, over random rows. */
final class RoutedLoad {
  /** Different batches that take turns, so that the gates decide differently each time. */
  private static final int BATCHES = 16;

  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

  private final RoutedLayers routed;
  private final RoutedOptions options;
  private final float[][] rows = new float[BATCHES][];
  private final int[] tokenIds;
  private final int[] groups;

  /**
   * @param kernels round the rows to what travels
   */
  RoutedLoad(RoutedLayers routed, RoutedOptions options, Kernels kernels) {
    this.routed = routed;
    this.options = options;
    this.tokenIds = new int[options.tokens()];
    this.groups = new int[options.tokens()];
    SplittableRandom random = new SplittableRandom(42);
    for (int b = 0; b < BATCHES; b++) {
      float[] batch = new float[options.tokens() * options.hidden()];
      for (int i = 0; i < batch.length; i++) {
        batch[i] = (float) random.nextGaussian();
      }
      kernels.roundToBf16(batch, 0, batch.length);
      rows[b] = batch;
    }
    for (int t = 0; t < options.tokens(); t++) {
      tokenIds[t] = random.nextInt(30_000);
      groups[t] = t;
    }
  }

  /** Makes calls; the histogram receives the nanoseconds of each. */
  void run(int calls, Histogram nanos) {
    for (int call = 0; call < calls; call++) {
      long start = System.nanoTime();
      RoutedRows result =
          routed
              .submit(
                  new RoutedBatch(
                      call % options.layers(),
                      rows[call % BATCHES],
                      options.tokens(),
                      tokenIds,
                      groups,
                      start + PATIENCE))
              .await();
      nanos.recordValue(Math.min(System.nanoTime() - start, nanos.getHighestTrackableValue()));
      if (!result.unavailable().isEmpty() || !result.nonFinite().isEmpty()) {
        throw new IllegalStateException("rows were not computed: " + result);
      }
    }
  }
}
