package io.expertmesh.model.kernel;

/**
 * Activations on one number; {@link VectorActivations} evaluates them operation by operation in the
 * same order.
 */
final class ActivationMath {
  /** {@code 2 · √(2/π)} and that times 0.044715: {@code (1 + tanh(u)) / 2 = σ(2u)}. */
  static final float TANH_A = 1.5957692f;

  static final float TANH_B = 0.07135481f;

  static final float QUICK = 1.702f;
  static final float SQRT_HALF = 0.70710677f;

  /** {@code erf(t) / t} as a polynomial in {@code t²} for |t| &lt; 1 (Cephes, {@code erff}). */
  static final float[] NEAR = {
    7.8538615e-5f, -8.0101937e-4f, 0.0051883277f,
    -0.026853813f, 0.112835854f, -0.37612626f,
    1.1283791f
  };

  /** {@code t · e^(t²) · erfc(t)} as a polynomial in {@code 1/t²} for 1 ≤ t &lt; 2 (Cephes). */
  static final float[] MIDDLE = {
    0.0232682f, -0.13870394f, 0.36874247f,
    -0.5824733f, 0.62100047f, -0.49445152f,
    0.340488f, -0.2741127f, 0.56382596f
  };

  /** As {@link #MIDDLE}, for t ≥ 2. */
  static final float[] FAR = {
    -10.477664f, 12.9772f, -7.4955187f,
    2.921019f, -1.0152652f, 0.42184633f,
    -0.28207675f, 0.5641895f
  };

  private ActivationMath() {}

  static float apply(Nonlinearity kind, float x) {
    return switch (kind) {
      case SILU -> ExpMath.silu(x);
      case GELU -> gelu(x);
      case GELU_TANH -> geluTanh(x);
      case QUICK_GELU -> quickGelu(x);
      case RELU -> Math.max(x, 0f);
    };
  }

  /** {@code x · Φ(x)}, through the error function. */
  static float gelu(float x) {
    float t = x * SQRT_HALF;
    float a = Math.abs(t);
    if (a < 1f) {
      return x * Math.fma(t * polynomial(NEAR, t * t), 0.5f, 0.5f);
    }
    float q = 1f / a;
    float tail = ExpMath.exp(-(a * a)) * (q * polynomial(a < 2f ? MIDDLE : FAR, q * q)) * 0.5f;
    return x * (t < 0f ? tail : 1f - tail);
  }

  static float geluTanh(float x) {
    return x / (1f + ExpMath.exp(-(x * Math.fma(x * x, TANH_B, TANH_A))));
  }

  static float quickGelu(float x) {
    return x / (1f + ExpMath.exp(-(x * QUICK)));
  }

  /** {@code (u' + 1) · g' · σ(alpha · g')} of a clamped gate and up value. */
  static float clampedSwiGlu(float gate, float up, float alpha, float limit) {
    float g = Math.min(gate, limit);
    float u = Math.max(Math.min(up, limit), -limit);
    return (u + 1f) * (g / (1f + ExpMath.exp(-(g * alpha))));
  }

  private static float polynomial(float[] coefficients, float x) {
    float p = coefficients[0];
    for (int i = 1; i < coefficients.length; i++) {
      p = Math.fma(p, x, coefficients[i]);
    }
    return p;
  }
}
