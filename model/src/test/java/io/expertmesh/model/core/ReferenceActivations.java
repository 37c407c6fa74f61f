package io.expertmesh.model.core;

/** Activations as the formulas state them. */
public final class ReferenceActivations {
  private ReferenceActivations() {}

  /** {@code act(g) · u}, or what stands for it; {@code u} is 1 where there is no gate. */
  public static double apply(Activation activation, double g, double u) {
    return switch (activation) {
      case Activation.Silu _ -> u * g / (1 + Math.exp(-g));
      case Activation.Gelu _ -> u * g * normalCdf(g);
      case Activation.GeluTanh _ -> {
        double inner = Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g);
        yield u * 0.5 * g * (1 + Math.tanh(inner));
      }
      case Activation.QuickGelu _ -> u * g / (1 + Math.exp(-1.702 * g));
      case Activation.Relu _ -> u * Math.max(g, 0);
      case Activation.ClampedSwiGlu(float alpha, float limit) -> {
        double clamped = Math.min(g, limit);
        double up = Math.clamp(u, -limit, limit);
        yield (up + 1) * clamped / (1 + Math.exp(-alpha * clamped));
      }
    };
  }

  /** {@code Φ(x) = 1/2 + φ(x) · (x + x³/3 + x⁵/(3·5) + ...)}. */
  private static double normalCdf(double x) {
    if (Math.abs(x) > 9) {
      return x > 0 ? 1 : 0;
    }
    double term = x;
    double sum = 0;
    for (int n = 1; Math.abs(term) > 1e-20; n += 2) {
      sum += term;
      term *= x * x / (n + 2);
    }
    return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }
}
