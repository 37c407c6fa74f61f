package io.expertmesh.model.kernel;

/** Chooses the kernels of a process at its start. */
public final class KernelProviders {
  private KernelProviders() {}

  /**
   * The kernels to compute with.
   *
   * @param provider {@code auto}, or {@code scalar} or {@code vector} to force one
   * @param activations type that inputs of matrix products are rounded to: F32 or BF16
   * @throws IllegalArgumentException if there is no such provider, or it cannot work here; the
   *     message is one plain sentence
   */
  public static Selection select(String provider, DType activations) {
    Arguments.activations(activations);
    return switch (provider) {
      case "auto" ->
          new Selection(
              new VectorKernels(), "vector kernels of " + VectorKernels.vectorBits() + " bits");
      case "scalar" -> new Selection(new ScalarKernels(), "scalar kernels, as configured");
      case "vector" -> new Selection(new VectorKernels(), "vector kernels, as configured");
      default ->
          throw new IllegalArgumentException(
              "expertmesh.provider is '"
                  + provider
                  + "', must be one of auto, scalar, vector, onednn");
    };
  }
}
