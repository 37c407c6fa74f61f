package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;
import java.util.List;

/**
 * Final norm and LM head, for the rows that need logits only, some rows at a time so that scoring a
 * long prompt needs little memory.
 */
final class HeadBlock {
  private static final int BLOCK_FLOATS = 8 << 20;
  private static final int MAX_BLOCK_ROWS = 128;

  private final ModelWeights weights;
  private final Kernels kernels;
  private final ComputePool pool;
  private final int hidden;
  private final int blockRows;
  private final float[] input;
  private final float[] logits;
  private final int[] chunkOf;
  private final int[] positionOf;
  private int filled;

  HeadBlock(ModelWeights weights, Kernels kernels, ComputePool pool, int maxRows) {
    this.weights = weights;
    this.kernels = kernels;
    this.pool = pool;
    this.hidden = weights.spec().hiddenSize();
    int vocab = weights.spec().vocabSize();
    int fitting = Math.clamp(BLOCK_FLOATS / vocab, 1, MAX_BLOCK_ROWS);
    blockRows = Math.min(fitting, maxRows);
    input = new float[blockRows * hidden];
    logits = new float[blockRows * vocab];
    chunkOf = new int[blockRows];
    positionOf = new int[blockRows];
  }

  void run(MicroBatch batch, List<Chunk> chunks, LogitSink sink) {
    LayerWeights.Norm norm = weights.finalNorm();
    for (int row = 0; row < batch.rows; row++) {
      if (!chunks.get(batch.chunks[row]).needsLogits(batch.positions[row])) {
        continue;
      }
      kernels.rmsNorm(
          batch.residual, row * hidden, norm.weight(), norm.eps(), input, filled * hidden, hidden);
      chunkOf[filled] = batch.chunks[row];
      positionOf[filled] = batch.positions[row];
      if (++filled == blockRows) {
        flush(sink);
      }
    }
  }

  /** Computes the rows that are left; called once after the last batch of a step. */
  void flush(LogitSink sink) {
    if (filled > 0) {
      kernels.matmul(weights.head(), input, 0, filled, logits, 0, pool);
      sink.accept(filled, chunkOf, positionOf, logits);
      filled = 0;
    }
  }

  void discard() {
    filled = 0;
  }
}
