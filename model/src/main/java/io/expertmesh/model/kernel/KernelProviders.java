package io.expertmesh.model.kernel;

import org.jspecify.annotations.Nullable;

/** Chooses the kernels of a process at its start. */
public final class KernelProviders {
  private KernelProviders() {}

  /**
   * The kernels to compute with.
   *
   * @param provider {@code auto}, or {@code scalar}, {@code vector} or {@code onednn} to force one
   * @param activations type that inputs of matrix products are rounded to: F32 or BF16
   * @throws IllegalArgumentException if there is no such provider, or it cannot work here; the
   *     message is one plain sentence
   */
  public static Selection select(String provider, DType activations) {
    Arguments.activations(activations);
    return switch (provider) {
      case "auto" -> automatic(activations);
      case "scalar" -> new Selection(new ScalarKernels(), "scalar kernels, as configured");
      case "vector" -> new Selection(new VectorKernels(), "vector kernels, as configured");
      case "onednn" -> forced(activations);
      default ->
          throw new IllegalArgumentException(
              "expertmesh.provider is '"
                  + provider
                  + "', must be one of auto, scalar, vector, onednn");
    };
  }

  private static Selection forced(DType activations) {
    try {
      return new Selection(OneDnnKernels.start(activations), "oneDNN kernels, as configured");
    } catch (IllegalStateException e) {
      throw new IllegalArgumentException("expertmesh.provider is onednn, but " + e.getMessage(), e);
    }
  }

  private static Selection automatic(DType activations) {
    if (activations == DType.F32) {
      return vector("activations are fp32");
    }
    if (!CpuFeatures.hasBf16()) {
      return vector("this CPU does not multiply bf16");
    }
    try {
      OneDnnKernels kernels = OneDnnKernels.start(activations);
      return new Selection(
          kernels,
          "oneDNN kernels ("
              + kernels.numericsClass(activations).isa()
              + "), because activations are bf16 and this CPU multiplies bf16");
    } catch (IllegalStateException e) {
      return vector(e.getMessage());
    }
  }

  private static Selection vector(@Nullable String because) {
    return new Selection(
        new VectorKernels(),
        "vector kernels of " + VectorKernels.vectorBits() + " bits, because " + because);
  }
}
