package io.expertmesh.router.core.gating;

import io.expertmesh.model.kernel.Kernels;
import java.util.Arrays;

/**
 * The noisy top-k gate with its noise, for one row at a time: the k largest of {@code clean + n ·
 * deviation}, a softmax over these, and how likely each expert was to be among them. Noise belongs
 * to training; when serving it is off, and the gate is {@link TopKSoftmax}.
 *
 * <p>Source: Shazeer et al., Outrageously Large Neural Networks, 2017, equations 3 to 5 and 8 to
 * 10.
 */
public final class NoisyTopK {
  /** What the released code adds to the deviation. */
  private static final double EPSILON = 1e-2;

  private final int k;
  private final int experts;
  private final Kernels kernels;
  private final float[] deviations;
  private final float[] noisy;
  private final int[] ranked;
  private final float[] values;
  private final float[] gates;
  private final double[] load;

  /** Takes k of {@code experts}. */
  public NoisyTopK(int k, int experts, Kernels kernels) {
    this.k = GatingPolicy.requireK(k, experts);
    this.experts = experts;
    this.kernels = kernels;
    this.deviations = new float[experts];
    this.noisy = new float[experts];
    this.ranked = new int[Math.min(k + 1, experts)];
    this.values = new float[k];
    this.gates = new float[experts];
    this.load = new double[experts];
  }

  /**
   * Gates one row.
   *
   * @param clean logits of the row
   * @param rawNoise the row times the noise matrix, before softplus
   * @param normal standard normal draws
   */
  public void gate(float[] clean, float[] rawNoise, float[] normal) {
    for (int e = 0; e < experts; e++) {
      deviations[e] = (float) (softplus(rawNoise[e]) + EPSILON);
      noisy[e] = Math.fma(normal[e], deviations[e], clean[e]);
    }
    kernels.topK(noisy, 0, experts, ranked.length, ranked, 0);
    for (int i = 0; i < k; i++) {
      values[i] = noisy[ranked[i]];
    }
    kernels.softmax(values, 0, k);
    Arrays.fill(gates, 0);
    for (int i = 0; i < k; i++) {
      gates[ranked[i]] = values[i];
    }
    for (int e = 0; e < experts; e++) {
      load[e] = probability(e, clean[e]);
    }
  }

  /** Φ of how far the clean logit is above what it takes to be among the k. */
  private double probability(int expert, float clean) {
    boolean in = gates[expert] > 0;
    if (k == experts) {
      return in ? 1 : 0;
    }
    float threshold = noisy[ranked[in ? k : k - 1]];
    return normalCdf((clean - threshold) / (double) deviations[expert]);
  }

  private static double softplus(float x) {
    return x > 20 ? x : StrictMath.log1p(StrictMath.exp(x));
  }

  /** Φ(z), by the error function's series near 0 and its continued fraction further out. */
  private static double normalCdf(double z) {
    double x = Math.abs(z);
    double tail;
    if (x > 38) {
      tail = 0;
    } else if (x < 3) {
      double term = x;
      double sum = x;
      for (int n = 1; n < 60; n++) {
        term *= x * x / (2 * n + 1);
        sum += term;
      }
      tail = 0.5 - sum * density(x);
    } else {
      double fraction = x;
      for (int n = 60; n > 0; n--) {
        fraction = x + n / fraction;
      }
      tail = density(x) / fraction;
    }
    return z > 0 ? 1 - tail : tail;
  }

  private static double density(double x) {
    return StrictMath.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  /** Weight of each expert for the last row; 0 for those that were not chosen. Do not change. */
  public float[] gates() {
    return gates;
  }

  /**
   * Probability of each expert to be chosen for the last row under fresh noise for it alone; with k
   * = experts, 1 for every gate above 0. Do not change.
   */
  public double[] load() {
    return load;
  }

  /** Standard deviation of each logit's noise for the last row. Do not change. */
  public float[] deviations() {
    return deviations;
  }

  /** Logits with their noise for the last row. Do not change. */
  public float[] noisy() {
    return noisy;
  }
}
