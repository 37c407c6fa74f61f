package io.expertmesh.attention.core;

import io.expertmesh.model.core.Activation;

/** Activations as their formulas. */
final class SlowActivation {
  private SlowActivation() {}

  static double apply(Activation activation, double g, double u) {
    return switch (activation) {
      case Activation.Silu _ -> g * sigmoid(g) * u;
      case Activation.Gelu _ -> g * gaussian(g) * u;
      case Activation.GeluTanh _ ->
          g / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g))) * u;
      case Activation.QuickGelu _ -> g * sigmoid(1.702 * g) * u;
      case Activation.Relu _ -> Math.max(g, 0) * u;
      case Activation.ClampedSwiGlu(float alpha, float limit) -> {
        double gate = Math.min(g, limit);
        yield (Math.clamp(u, -limit, limit) + 1) * gate * sigmoid(alpha * gate);
      }
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** The Gaussian distribution function, by Simpson's rule from 0. */
  private static double gaussian(double x) {
    int steps = 2000;
    double h = x / steps;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double t = i * h;
      sum += (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.exp(-t * t / 2);
    }
    return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
  }
}
