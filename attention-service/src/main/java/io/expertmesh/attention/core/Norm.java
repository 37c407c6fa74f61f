package io.expertmesh.attention.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.NormSpec;
import io.expertmesh.model.kernel.Kernels;
import java.util.Arrays;

/**
 * A norm with its weights.
 *
 * @param centred whether the mean is subtracted (LayerNorm) or not (RMSNorm)
 * @param weight factors, with the one of offset weights added
 * @param bias addends, as many as factors, of a centred norm; empty otherwise
 * @param eps added inside the root
 */
record Norm(boolean centred, float[] weight, float[] bias, float eps) {
  static Norm load(Checkpoint checkpoint, NormSpec spec) {
    float[] weight = checkpoint.vector(spec.weight());
    return switch (spec.kind()) {
      case RMS -> new Norm(false, weight, new float[0], spec.eps());
      case RMS_OFFSET -> new Norm(false, plusOne(weight), new float[0], spec.eps());
      case LAYER ->
          new Norm(
              true,
              weight,
              spec.bias().map(checkpoint::vector).orElse(new float[weight.length]),
              spec.eps());
    };
  }

  private static float[] plusOne(float[] offsets) {
    float[] weight = offsets.clone();
    for (int i = 0; i < weight.length; i++) {
      weight[i] += 1;
    }
    return weight;
  }

  /** Values that are normed together. */
  int width() {
    return weight.length;
  }

  /** The norm of {@code count} of the values, from {@code from}, by themselves. */
  Norm part(int from, int count) {
    return new Norm(
        centred,
        Arrays.copyOfRange(weight, from, from + count),
        centred ? Arrays.copyOfRange(bias, from, from + count) : bias,
        eps);
  }

  /** Norms {@link #width()} values of {@code x} into {@code y}, which may be the same. */
  void apply(Kernels kernels, float[] x, int xOffset, float[] y, int yOffset) {
    if (centred) {
      kernels.layerNorm(x, xOffset, weight, bias, eps, y, yOffset, weight.length);
    } else {
      kernels.rmsNorm(x, xOffset, weight, eps, y, yOffset, weight.length);
    }
  }
}
