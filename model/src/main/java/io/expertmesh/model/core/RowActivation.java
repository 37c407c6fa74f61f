package io.expertmesh.model.core;

import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.Nonlinearity;

/** Applies the activation of a feed-forward network to one row of its first product. */
@FunctionalInterface
public interface RowActivation {
  /**
   * Computes the hidden values of a row.
   *
   * @param product {@code [gate | up]} values from {@code offset}, {@code 2 · inner} of them; only
   *     {@code inner} up values where the network has no gate
   * @param out {@code inner} values from {@code outOffset}; may be the first half of the product
   */
  void apply(Kernels kernels, float[] product, int offset, float[] out, int outOffset, int inner);

  /** The activation of a network. */
  static RowActivation of(DenseFfn ffn) {
    return switch (ffn.activation()) {
      case Activation.Silu _ -> of(Nonlinearity.SILU, ffn);
      case Activation.Gelu _ -> of(Nonlinearity.GELU, ffn);
      case Activation.GeluTanh _ -> of(Nonlinearity.GELU_TANH, ffn);
      case Activation.QuickGelu _ -> of(Nonlinearity.QUICK_GELU, ffn);
      case Activation.Relu _ -> of(Nonlinearity.RELU, ffn);
      case Activation.ClampedSwiGlu(float alpha, float limit) ->
          (kernels, product, offset, out, outOffset, inner) ->
              kernels.clampedSwiGlu(product, offset, alpha, limit, out, outOffset, inner);
    };
  }

  private static RowActivation of(Nonlinearity kind, DenseFfn ffn) {
    return ffn.gate().isPresent()
        ? (kernels, product, offset, out, outOffset, inner) ->
            kernels.gated(kind, product, offset, out, outOffset, inner)
        : (kernels, product, offset, out, outOffset, inner) ->
            kernels.activate(kind, product, offset, out, outOffset, inner);
  }
}
