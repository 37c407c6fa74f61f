package io.expertmesh.model.core;

/**
 * The nonlinearity of a feed-forward network. Most are plain functions {@code a} of the gate value
 * {@code g}; a gated network multiplies by the up value {@code u}.
 */
public sealed interface Activation {
  /** {@code a(g) = g · σ(g)}; also called swish. */
  record Silu() implements Activation {}

  /** {@code a(g) = g · Φ(g)} with the Gaussian distribution function, computed through erf. */
  record Gelu() implements Activation {}

  /** {@code a(g) = g/2 · (1 + tanh(√(2/π) · (g + 0.044715 · g³)))}. */
  record GeluTanh() implements Activation {}

  /** {@code a(g) = g · σ(1.702 · g)}. */
  record QuickGelu() implements Activation {}

  /** {@code a(g) = max(g, 0)}. */
  record Relu() implements Activation {}

  /**
   * gpt-oss's gate: {@code (u' + 1) · g' · σ(alpha · g')} with {@code g' = min(g, limit)} and
   * {@code u' = clamp(u, ±limit)}. Only gated networks can use it.
   */
  record ClampedSwiGlu(float alpha, float limit) implements Activation {}
}
