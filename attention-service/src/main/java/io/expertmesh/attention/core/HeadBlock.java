package io.expertmesh.attention.core;

import io.expertmesh.model.core.HeadSpec;
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
    Norm norm = weights.finalNorm();
    for (int row = 0; row < batch.rows; row++) {
      if (!chunks.get(batch.chunks[row]).needsLogits(batch.positions[row])) {
        continue;
      }
      norm.apply(kernels, batch.residual, row * hidden, input, filled * hidden);
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
      kernels.matmul(weights.head().matrix(), input, 0, filled, logits, 0, pool);
      RowLoop.run(pool, filled, this::shape);
      sink.accept(filled, chunkOf, positionOf, logits);
      filled = 0;
    }
  }

  /** Turns products into logits: bias, scale and soft cap, where the model has them. */
  private void shape(int from, int to) {
    HeadSpec spec = weights.spec().head();
    int vocab = weights.head().outputs();
    for (int at = from * vocab; at < to * vocab; at += vocab) {
      weights.head().addBias(kernels, logits, at);
      if (spec.scale() != 1) {
        kernels.scale(logits, at, vocab, spec.scale());
      }
      if (spec.softCap().isPresent()) {
        kernels.softCap(logits, at, vocab, (float) spec.softCap().getAsDouble());
      }
    }
  }

  void discard() {
    filled = 0;
  }
}
