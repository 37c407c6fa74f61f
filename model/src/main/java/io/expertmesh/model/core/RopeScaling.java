package io.expertmesh.model.core;

import java.util.List;

/**
 * How rotary frequencies {@code f_i = theta^(-2i/dims)} are changed for contexts longer than the
 * original training length, and the factor on cosines and sines.
 */
public sealed interface RopeScaling {
  /** Frequencies as they are. */
  record None() implements RopeScaling {}

  /** Position interpolation: {@code f_i / factor}. */
  record Linear(double factor) implements RopeScaling {}

  /**
   * Dynamic NTK: above {@code original} tokens the base grows with the length. Keys keep the
   * rotation they were cached with.
   */
  record DynamicNtk(double factor, int original) implements RopeScaling {}

  /**
   * YaRN (Peng et al. 2023).
   *
   * @param attentionFactor factor on cosines and sines, worked out from the config
   * @param truncate whether the corner dimensions are rounded to whole ones
   */
  record Yarn(
      double factor,
      int original,
      double betaFast,
      double betaSlow,
      double attentionFactor,
      boolean truncate)
      implements RopeScaling {}

  /** Llama 3's piecewise scaling by wavelength. */
  record Llama3(double factor, double lowFrequency, double highFrequency, int original)
      implements RopeScaling {}

  /**
   * LongRoPE (Ding et al. 2024): one factor per frequency, another set beyond {@code original}
   * tokens.
   *
   * @param shortFactors {@code dims / 2} factors up to {@code original} tokens
   * @param longFactors {@code dims / 2} factors beyond
   * @param shortMagnitude factor on cosines and sines up to {@code original} tokens
   * @param longMagnitude factor on cosines and sines beyond
   */
  record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      int original,
      double shortMagnitude,
      double longMagnitude)
      implements RopeScaling {
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }
  }
}
