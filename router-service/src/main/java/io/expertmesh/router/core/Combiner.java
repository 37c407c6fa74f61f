package io.expertmesh.router.core;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.router.core.gating.Assignments;
import java.util.Arrays;

/**
 * Sums a row's expert rows: weight × row in ascending index of the experts, in fp32, once all of
 * them are there. So neither the order of arrival, nor who computed what, nor retries change a bit.
 */
public final class Combiner {
  private final Kernels kernels;
  private final int width;
  private final boolean bf16;

  /** Combines rows of one model; bf16 activations are rounded as the wire rounds them. */
  public Combiner(Kernels kernels, RoutedModel model) {
    this.kernels = kernels;
    this.width = model.width();
    this.bf16 = model.activations() == DType.BF16;
  }

  /** The combined rows of a call, in the call's own buffer; zero where a row has no result. */
  float[] combine(CallState call) {
    Assignments assignments = call.assignments();
    int rows = call.request().rowCount();
    float[] out = call.combined(rows * width);
    Arrays.fill(out, 0, rows * width, 0f);
    boolean all = call.unavailable().isEmpty() && call.nonFinite().isEmpty();
    for (int row = 0; row < rows; row++) {
      if (all || !(call.unavailable().get(row) || call.nonFinite().get(row))) {
        for (int pair = assignments.start(row); pair < assignments.start(row + 1); pair++) {
          float[] source = call.source(pair);
          if (source == null) {
            throw new IllegalStateException("pair " + pair + " has no row");
          }
          kernels.addScaled(
              out, row * width, assignments.weight(pair), source, call.sourceOffset(pair), width);
        }
      }
    }
    if (bf16) {
      kernels.roundToBf16(out, 0, rows * width);
    }
    return out;
  }
}
