package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.Kernels;
import java.util.Optional;

/**
 * How the rows of a mixer enter the residual stream: {@code x += scale · norm(rows + bias)}.
 *
 * @param bias of the mixer's last map; empty for none
 * @param postNorm norm of the mixer's rows, if the layer has one
 * @param scale factor on what is added
 */
record ResidualJoin(float[] bias, Optional<Norm> postNorm, float scale) {
  /** Adds {@code count} rows of {@code hidden} values; they are overwritten. */
  void add(Kernels kernels, float[] residual, int offset, float[] rows, int count, int hidden) {
    for (int at = offset; at < offset + count * hidden; at += hidden) {
      if (bias.length > 0) {
        kernels.add(rows, at, bias, 0, hidden);
      }
      if (postNorm.isPresent()) {
        postNorm.get().apply(kernels, rows, at, rows, at);
      }
    }
    if (scale == 1) {
      kernels.add(residual, offset, rows, offset, count * hidden);
    } else {
      kernels.addScaled(residual, offset, scale, rows, offset, count * hidden);
    }
  }
}
