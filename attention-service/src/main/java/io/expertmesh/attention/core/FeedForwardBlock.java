package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;

/** Runs the feed-forward networks that are computed here: dense blocks and shared experts. */
final class FeedForwardBlock {
  private final Kernels kernels;
  private final ComputePool pool;
  private final int hidden;
  private final float[] upper;
  private final float[] inner;

  FeedForwardBlock(ModelWeights weights, Kernels kernels, ComputePool pool, int maxRows) {
    this.kernels = kernels;
    this.pool = pool;
    this.hidden = weights.spec().hiddenSize();
    int widestUpper = 0;
    int widestInner = 0;
    for (FeedForward network : weights.localNetworks()) {
      widestUpper = Math.max(widestUpper, network.up().outputs());
      widestInner = Math.max(widestInner, network.inner());
    }
    upper = new float[maxRows * widestUpper];
    inner = new float[maxRows * widestInner];
  }

  /** Writes the network's rows for the batch's normed input to {@code out}, without their bias. */
  void run(MicroBatch batch, FeedForward network, float[] out) {
    int width = network.up().outputs();
    kernels.matmul(network.up().matrix(), batch.input, 0, batch.rows, upper, 0, pool);
    RowLoop.run(
        pool,
        batch.rows,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            network.up().addBias(kernels, upper, r * width);
            int n = network.inner();
            network.activation().apply(kernels, upper, r * width, inner, r * n, n);
          }
        });
    kernels.matmul(network.down().matrix(), inner, 0, batch.rows, out, 0, pool);
  }

  /** Completes the rows that {@link #run} has just written: bias, and the network's own gate. */
  void complete(MicroBatch batch, FeedForward network, float[] out) {
    if (network.down().bias().length == 0 && !network.outputGated()) {
      return;
    }
    int width = network.up().outputs();
    RowLoop.run(
        pool,
        batch.rows,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            network.down().addBias(kernels, out, r * hidden);
            if (network.outputGated()) {
              int gate = r * width + width - 1;
              kernels.sigmoid(upper, gate, 1);
              kernels.scale(out, r * hidden, hidden, upper[gate]);
            }
          }
        });
  }
}
