package io.expertmesh.model.core;

/**
 * The angles by which rotary embedding turns a head at a given sequence length: frequency i turns
 * pair i by {@code position · inverse(i)}, and cosines and sines are multiplied by {@link
 * #magnitude}. Computed in double precision with {@link StrictMath}, so that every machine gets the
 * same bits.
 */
public final class RopeFrequencies {
  private final double[] inverse;
  private final double magnitude;

  private RopeFrequencies(double[] inverse, double magnitude) {
    this.inverse = inverse;
    this.magnitude = magnitude;
  }

  /**
   * Frequencies for a sequence.
   *
   * @param length tokens of the sequence; only {@link RopeScaling.DynamicNtk} and {@link
   *     RopeScaling.LongRope} depend on it
   */
  public static RopeFrequencies of(RopeSpec spec, int length) {
    return switch (spec.scaling()) {
      case RopeScaling.None _ -> new RopeFrequencies(plain(spec, spec.theta()), 1);
      case RopeScaling.Linear linear -> linear(spec, linear);
      case RopeScaling.DynamicNtk dynamic -> dynamic(spec, dynamic, length);
      case RopeScaling.Yarn yarn -> yarn(spec, yarn);
      case RopeScaling.Llama3 llama3 -> llama3(spec, llama3);
      case RopeScaling.LongRope longRope -> longRope(spec, longRope, length);
    };
  }

  /** Number of frequencies: half the rotated dimensions. */
  public int count() {
    return inverse.length;
  }

  /** Radians per position of pair {@code i}. */
  public double inverse(int i) {
    return inverse[i];
  }

  /** Factor on cosines and sines. */
  public double magnitude() {
    return magnitude;
  }

  private static double[] plain(RopeSpec spec, double theta) {
    double[] inverse = new double[spec.dims() / 2];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1.0 / StrictMath.pow(theta, 2.0 * i / spec.dims());
    }
    return inverse;
  }

  private static RopeFrequencies linear(RopeSpec spec, RopeScaling.Linear scaling) {
    double[] inverse = plain(spec, spec.theta());
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] /= scaling.factor();
    }
    return new RopeFrequencies(inverse, 1);
  }

  private static RopeFrequencies dynamic(
      RopeSpec spec, RopeScaling.DynamicNtk scaling, int length) {
    double ratio = (double) Math.max(length, scaling.original()) / scaling.original();
    double growth = scaling.factor() * ratio - (scaling.factor() - 1);
    double exponent = (double) spec.dims() / (spec.dims() - 2);
    double theta = ratio == 1 ? spec.theta() : spec.theta() * StrictMath.pow(growth, exponent);
    return new RopeFrequencies(plain(spec, theta), 1);
  }

  private static RopeFrequencies yarn(RopeSpec spec, RopeScaling.Yarn scaling) {
    double low = corner(spec, scaling, scaling.betaFast());
    double high = corner(spec, scaling, scaling.betaSlow());
    if (scaling.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, spec.dims() - 1);
    if (low == high) {
      high += 0.001;
    }
    double[] inverse = plain(spec, spec.theta());
    for (int i = 0; i < inverse.length; i++) {
      double stretched = Math.clamp((i - low) / (high - low), 0.0, 1.0);
      inverse[i] = inverse[i] / scaling.factor() * stretched + inverse[i] * (1 - stretched);
    }
    return new RopeFrequencies(inverse, scaling.attentionFactor());
  }

  /** The frequency (as a fractional index) that turns {@code rotations} times in the original. */
  private static double corner(RopeSpec spec, RopeScaling.Yarn scaling, double rotations) {
    return spec.dims()
        * StrictMath.log(scaling.original() / (rotations * 2 * Math.PI))
        / (2 * StrictMath.log(spec.theta()));
  }

  private static RopeFrequencies llama3(RopeSpec spec, RopeScaling.Llama3 scaling) {
    double[] inverse = plain(spec, spec.theta());
    double longest = scaling.original() / scaling.lowFrequency();
    double shortest = scaling.original() / scaling.highFrequency();
    for (int i = 0; i < inverse.length; i++) {
      double wavelength = 2 * Math.PI / inverse[i];
      double kept =
          (scaling.original() / wavelength - scaling.lowFrequency())
              / (scaling.highFrequency() - scaling.lowFrequency());
      if (wavelength > longest) {
        inverse[i] /= scaling.factor();
      } else if (wavelength >= shortest) {
        inverse[i] = (1 - kept) * inverse[i] / scaling.factor() + kept * inverse[i];
      }
    }
    return new RopeFrequencies(inverse, 1);
  }

  private static RopeFrequencies longRope(RopeSpec spec, RopeScaling.LongRope scaling, int length) {
    boolean beyond = length > scaling.original();
    var factors = beyond ? scaling.longFactors() : scaling.shortFactors();
    double[] inverse = plain(spec, spec.theta());
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] /= factors.get(i);
    }
    double magnitude = beyond ? scaling.longMagnitude() : scaling.shortMagnitude();
    return new RopeFrequencies(inverse, magnitude);
  }
}
