package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;

/** The feed-forward half of a layer that is computed here: {@code x += down(swiglu(gate, up))}. */
final class DenseBlock {
  private final Kernels kernels;
  private final ComputePool pool;
  private final int hidden;
  private final float[] gateUp;
  private final float[] inner;
  private final float[] out;

  DenseBlock(ModelWeights weights, Kernels kernels, ComputePool pool, int maxRows) {
    this.kernels = kernels;
    this.pool = pool;
    this.hidden = weights.spec().hiddenSize();
    int widest = 0;
    for (LayerWeights layer : weights.layers()) {
      if (layer.channel() instanceof ChannelWeights.Dense dense) {
        widest = Math.max(widest, dense.inner());
      }
    }
    gateUp = new float[maxRows * 2 * widest];
    inner = new float[maxRows * widest];
    out = new float[widest > 0 ? maxRows * hidden : 0];
  }

  /** Adds the block's rows for the batch's normed input to its residual. */
  void run(MicroBatch batch, ChannelWeights.Dense weights) {
    int width = weights.inner();
    kernels.matmul(weights.gateUp(), batch.input, 0, batch.rows, gateUp, 0, pool);
    RowLoop.run(
        pool,
        batch.rows,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            kernels.swiGlu(gateUp, r * 2 * width, inner, r * width, width);
          }
        });
    kernels.matmul(weights.down(), inner, 0, batch.rows, out, 0, pool);
    kernels.add(batch.residual, 0, out, 0, batch.rows * hidden);
  }
}
