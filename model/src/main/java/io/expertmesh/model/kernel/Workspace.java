package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory that a thread reuses from call to call, so that kernels do not allocate. */
final class Workspace {
  private static final ThreadLocal<Workspace> OF_THREAD = ThreadLocal.withInitial(Workspace::new);

  /** Lane sums of one reduction. */
  final float[] lanes = new float[SumOrder.LANES];

  final double[] doubleLanes = new double[SumOrder.LANES];

  /** Sums of the attention weights of query heads that are computed together. */
  final float[] headSums = new float[4];

  /** Lane sums of two values for each of those heads. */
  final float[] latentLanes = new float[8 * SumOrder.LANES];

  /** The product that this thread has asked for. */
  final PanelProduct product = new PanelProduct();

  /** What products read ahead, kept so that the reads are not removed. */
  int touched;

  private float[] sums = new float[0];
  private final MemorySegment block =
      Arena.ofAuto().allocate((long) PanelProduct.BLOCK_DEPTH * Lanes.PANEL * Float.BYTES, 64);

  private Workspace() {}

  static Workspace get() {
    return OF_THREAD.get();
  }

  /** Sums of the outputs of one part. */
  float[] sums(int floats) {
    if (sums.length < floats) {
      sums = new float[floats];
    }
    return sums;
  }

  /**
   * A block of weights, widened; on a cache line, because loads that straddle two of them halve the
   * speed of a product.
   */
  MemorySegment block() {
    return block;
  }
}
