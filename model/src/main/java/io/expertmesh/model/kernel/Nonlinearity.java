package io.expertmesh.model.kernel;

/** Functions of one number that feed-forward networks apply to their hidden values. */
public enum Nonlinearity {
  /** {@code x · σ(x)} (Elfwing et al. 2018). */
  SILU,
  /** {@code x · Φ(x)} (Hendrycks and Gimpel 2016). */
  GELU,
  /** {@code x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))}: the approximation of {@link #GELU}. */
  GELU_TANH,
  /** {@code x · σ(1.702 · x)}. */
  QUICK_GELU,
  /** {@code max(x, 0)}. */
  RELU
}
