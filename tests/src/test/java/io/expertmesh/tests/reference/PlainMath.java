package io.expertmesh.tests.reference;

/** Formulas, each written down once. */
final class PlainMath {
  private PlainMath() {}

  /** {@code y = x · Wᵀ}. */
  static double[] times(double[][] w, double[] x) {
    double[] y = new double[w.length];
    for (int o = 0; o < w.length; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += w[o][i] * x[i];
      }
    }
    return y;
  }

  static double[] plus(double[] x, double[] y) {
    double[] sum = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      sum[i] = x[i] + y[i];
    }
    return sum;
  }

  static double[] times(double factor, double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = factor * x[i];
    }
    return y;
  }

  static double[] part(double[] x, int from, int length) {
    double[] part = new double[length];
    for (int i = 0; i < length; i++) {
      part[i] = x[from + i];
    }
    return part;
  }

  /** {@code x / √(mean(x²) + ε) · w}. */
  static double[] rms(double[] x, double[] w, double eps) {
    double squares = 0;
    for (double value : x) {
      squares += value * value;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] / Math.sqrt(squares / x.length + eps) * w[i];
    }
    return y;
  }

  /** {@code (x - mean) / √(variance + ε) · w}. */
  static double[] layerNorm(double[] x, double[] w, double eps) {
    double mean = 0;
    for (double value : x) {
      mean += value / x.length;
    }
    double variance = 0;
    for (double value : x) {
      variance += (value - mean) * (value - mean) / x.length;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = (x[i] - mean) / Math.sqrt(variance + eps) * w[i];
    }
    return y;
  }

  static double[] softmax(double[] x) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : x) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (double value : x) {
      sum += Math.exp(value - max);
    }
    double[] p = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      p[i] = Math.exp(x[i] - max) / sum;
    }
    return p;
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** {@code c · tanh(x / c)}. */
  static double capped(double x, double cap) {
    return cap * Math.tanh(x / cap);
  }

  static double activation(String name, double x) {
    return switch (name) {
      case "silu" -> x * sigmoid(x);
      case "relu" -> Math.max(0, x);
      case "gelu_pytorch_tanh" ->
          0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Index of the largest value. */
  static int best(double[] x) {
    int best = 0;
    for (int i = 1; i < x.length; i++) {
      best = x[i] > x[best] ? i : best;
    }
    return best;
  }

  /** How many values are larger than the i-th, or equal with a lower index. */
  static int rank(double[] x, int i) {
    int rank = 0;
    for (int j = 0; j < x.length; j++) {
      rank += x[j] > x[i] || (x[j] == x[i] && j < i) ? 1 : 0;
    }
    return rank;
  }
}
