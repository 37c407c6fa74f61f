package io.expertmesh.expert.core;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.ProductWarmUp;
import java.util.Objects;

/**
 * Computes experts, {@code down(act(gate(x)) ⊙ up(x))}, for rows of one block. The result for a row
 * has the same bits whatever other rows are computed with it. With BF16 activations the results are
 * rounded to bf16, as they would be on the wire, so that they are the same for callers in the same
 * process.
 *
 * <p>One thread at a time; the pool's threads help. Buffers are made once.
 */
public final class ExpertEngine {
  private final ExpertWeights weights;
  private final Kernels kernels;
  private final ComputePool pool;
  private final int maxRows;
  private final float[] first;
  private final float[] inner;
  private final ComputePool.Part activation = this::activate;

  // What the parts of the running activation work on.
  private ExpertFfn active;
  private int activeRows;
  private int activeParts;

  /**
   * @param maxRows rows computed at a time; more are computed one group after the other
   */
  public ExpertEngine(ExpertWeights weights, Kernels kernels, ComputePool pool, int maxRows) {
    this.weights = Objects.requireNonNull(weights, "weights");
    this.kernels = Objects.requireNonNull(kernels, "kernels");
    this.pool = Objects.requireNonNull(pool, "pool");
    this.maxRows = maxRows;
    first = new float[Math.multiplyExact(maxRows, weights.maxWidth())];
    active = weights.expert(0);
    inner = new float[Math.multiplyExact(maxRows, weights.maxInner())];
  }

  /** What it computes with. */
  public ExpertWeights weights() {
    return weights;
  }

  /** Label of the numerics class of its results. */
  public String numericsClass() {
    return kernels.numericsClass(weights.activations()).label();
  }

  /**
   * Has the machine code for batches of every size compiled, on a thread of its own.
   *
   * @param stored type of the weights in the checkpoint
   * @param turn says when there is time for it
   */
  public void warmUp(DType stored, ProductWarmUp.Turn turn) {
    ProductWarmUp.inBackground(kernels, stored, weights.activations(), turn);
  }

  /** Rows that one group holds at most. */
  public int maxRows() {
    return maxRows;
  }

  /**
   * Applies one expert to rows.
   *
   * @param block number of the expert in the shard
   * @param x {@code rows × hidden} from the start
   * @param y {@code rows × hidden} from the start, overwritten; not {@code x}
   */
  public void compute(int block, float[] x, int rows, float[] y) {
    ExpertFfn expert = weights.expert(block);
    int hidden = weights.hidden();
    for (int from = 0; from < rows; from += maxRows) {
      int count = Math.min(maxRows, rows - from);
      kernels.matmul(expert.first(), x, from * hidden, count, first, 0, pool);
      active = expert;
      activeRows = count;
      activeParts = Math.min(count, pool.threads());
      if (activeParts == 1) {
        activate(0);
      } else {
        pool.run(activeParts, activation);
      }
      kernels.matmul(expert.down(), inner, 0, count, y, from * hidden, pool);
      float[] bias = expert.downBias();
      for (int row = from; row < from + count && bias.length > 0; row++) {
        kernels.add(y, row * hidden, bias, 0, hidden);
      }
    }
    if (weights.activations() == DType.BF16) {
      kernels.roundToBf16(y, 0, rows * hidden);
    }
  }

  private void activate(int part) {
    int width = active.width();
    int n = active.inner();
    float[] bias = active.firstBias();
    for (int row = part; row < activeRows; row += activeParts) {
      if (bias.length > 0) {
        kernels.add(first, row * width, bias, 0, width);
      }
      active.activation().apply(kernels, first, row * width, inner, row * n, n);
    }
  }
}
