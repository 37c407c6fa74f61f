package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Kernels in plain Java on the Vector API. Bit-equal to {@link ScalarKernels} on vectors of any
 * width: an output of a product is one chain of additions, its neighbours run in the other lanes.
 */
public final class VectorKernels extends VectorRowKernels {
  /** Bits of the widest vector of this machine. */
  public static int vectorBits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }

  @Override
  public String provider() {
    return "vector";
  }

  @Override
  public NumericsClass numericsClass(DType activations) {
    Arguments.activations(activations);
    return new NumericsClass(ScalarKernels.ORDER, "any", activations);
  }

  @Override
  public PackedMatrix pack(WeightMatrix weights, DType activations, Arena arena) {
    return packStacked(List.of(weights), activations, arena);
  }

  @Override
  public PackedMatrix packStacked(List<WeightMatrix> weights, DType activations, Arena arena) {
    Arguments.activations(activations);
    return PanelMatrix.pack(new WeightReader(weights), activations, arena);
  }

  @Override
  public void matmul(
      PackedMatrix w, float[] x, int xOffset, int rows, float[] y, int yOffset, ComputePool pool) {
    Arguments.matmul(w, x, xOffset, rows, y, yOffset);
    if (rows > 0) {
      Workspace.get().product.run((PanelMatrix) w, x, xOffset, rows, y, yOffset, pool);
    }
  }
}
