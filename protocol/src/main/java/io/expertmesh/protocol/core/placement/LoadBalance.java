package io.expertmesh.protocol.core.placement;

import java.util.Arrays;

/**
 * How evenly experts are used.
 *
 * <p>Source: Shazeer et al., Outrageously Large Neural Networks, 2017, section 4: the squared
 * coefficient of variation of the experts' importance (sum of their weights over a batch) and of
 * their load (rows that they get).
 */
public final class LoadBalance {
  private LoadBalance() {}

  /**
   * Variance over squared mean, with the variance of the whole population; 0 where all are equal,
   * and where there is nothing.
   */
  public static double squaredVariation(double[] values) {
    return squaredVariation(values, values.length);
  }

  /** The same with the unbiased variance; 0 for a single value. */
  public static double unbiasedSquaredVariation(double[] values) {
    return squaredVariation(values, values.length - 1);
  }

  /** Standard deviation over mean, of the whole population. */
  public static double variation(double[] values) {
    return Math.sqrt(squaredVariation(values));
  }

  private static double squaredVariation(double[] values, int divisor) {
    double mean = Arrays.stream(values).average().orElse(0);
    if (divisor < 1 || mean == 0) {
      return 0;
    }
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return squares / divisor / (mean * mean);
  }
}
