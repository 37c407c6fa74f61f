package io.expertmesh.router.core.gating;

import io.expertmesh.model.kernel.Kernels;
import java.util.Arrays;

/**
 * What training adds to its loss to keep gates even and small, as a measure of a gate. Rows with a
 * logit that is not finite are left out.
 *
 * <p>Source: Fedus et al., Switch Transformers, 2021, equations 4 to 6 (without its factor α); Zoph
 * et al., ST-MoE, 2022, equation 5.
 *
 * @param auxiliary experts × Σ (fraction of the rows whose best expert it is × its mean
 *     probability), before any choice is dropped; 1 is even; 0 without rows
 * @param z mean of the squared logsumexp
 */
public record GateLosses(double auxiliary, double z) {
  /**
   * Measures rows of logits.
   *
   * @param logits rows × experts
   */
  public static GateLosses of(float[] logits, int rows, int experts, Kernels kernels) {
    double[] probability = new double[experts];
    double[] first = new double[experts];
    double squares = 0;
    int finite = 0;
    for (int row = 0; row < rows; row++) {
      int from = row * experts;
      if (!kernels.allFinite(logits, from, experts)) {
        continue;
      }
      finite++;
      int best = 0;
      for (int e = 1; e < experts; e++) {
        best = logits[from + e] > logits[from + best] ? e : best;
      }
      first[best]++;
      double top = logits[from + best];
      double[] powers = new double[experts];
      Arrays.setAll(powers, e -> Math.exp(logits[from + e] - top));
      double sum = Arrays.stream(powers).sum();
      for (int e = 0; e < experts; e++) {
        probability[e] += powers[e] / sum;
      }
      double logSumExp = top + Math.log(sum);
      squares += logSumExp * logSumExp;
    }
    if (finite == 0) {
      return new GateLosses(0, 0);
    }
    double products = 0;
    for (int e = 0; e < experts; e++) {
      products += first[e] / finite * (probability[e] / finite);
    }
    return new GateLosses(experts * products, squares / finite);
  }
}
