package io.expertmesh.tests.reference;

/**
 * Rotary positions: frequencies by the table of scalings, and the rotation of a head in both orders
 * of its pairs.
 */
final class PlainRotation {
  private final double[] frequencies;
  private final double factor;
  private final boolean interleaved;

  /**
   * @param dims rotated dimensions of a head
   * @param length tokens of the prompt
   */
  PlainRotation(PlainConfig config, int dims, boolean interleaved, int length) {
    this.interleaved = interleaved;
    double theta = config.number("rope_theta");
    double made = 1;
    frequencies = new double[dims / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = Math.pow(theta, -2.0 * i / dims);
    }
    if (config.has("rope_scaling")) {
      PlainConfig scaling = config.object("rope_scaling");
      String type = scaling.text("rope_type", scaling.text("type", ""));
      switch (type) {
        case "linear" -> {
          for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= scaling.number("factor");
          }
        }
        case "dynamic" -> dynamic(scaling, theta, dims, length, config);
        case "llama3" -> llama3(scaling);
        case "yarn" -> made = yarn(scaling, theta, dims, config);
        default -> throw new IllegalArgumentException(type);
      }
    }
    factor = made;
  }

  private void dynamic(
      PlainConfig scaling, double theta, int dims, int length, PlainConfig config) {
    double most =
        scaling.number(
            "original_max_position_embeddings", config.number("max_position_embeddings"));
    double reached = Math.max(length, most);
    double f = scaling.number("factor");
    double grown = theta * Math.pow(f * reached / most - (f - 1), dims / (dims - 2.0));
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = Math.pow(grown, -2.0 * i / dims);
    }
  }

  private void llama3(PlainConfig scaling) {
    double original = scaling.number("original_max_position_embeddings");
    double low = scaling.number("low_freq_factor");
    double high = scaling.number("high_freq_factor");
    double f = scaling.number("factor");
    for (int i = 0; i < frequencies.length; i++) {
      double wavelength = 2 * Math.PI / frequencies[i];
      if (wavelength < original / high) {
        continue;
      }
      if (wavelength > original / low) {
        frequencies[i] /= f;
      } else {
        double s = (original / wavelength - low) / (high - low);
        frequencies[i] = (1 - s) * frequencies[i] / f + s * frequencies[i];
      }
    }
  }

  private double yarn(PlainConfig scaling, double theta, int dims, PlainConfig config) {
    double original =
        scaling.number(
            "original_max_position_embeddings", config.number("max_position_embeddings"));
    double f = scaling.number("factor");
    double low = corner(dims, original, scaling.number("beta_fast", 32), theta);
    double high = corner(dims, original, scaling.number("beta_slow", 1), theta);
    if (!scaling.has("truncate") || scaling.flag("truncate")) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, dims - 1);
    high = low == high ? high + 0.001 : high;
    for (int i = 0; i < frequencies.length; i++) {
      double ramp = Math.min(1, Math.max(0, (i - low) / (high - low)));
      frequencies[i] = frequencies[i] / f * ramp + frequencies[i] * (1 - ramp);
    }
    if (scaling.has("attention_factor")) {
      return scaling.number("attention_factor");
    }
    double m = scaling.number("mscale", 0);
    double all = scaling.number("mscale_all_dim", 0);
    return m != 0 && all != 0 ? magnitude(f, m) / magnitude(f, all) : magnitude(f, 1);
  }

  private static double corner(int dims, double original, double turns, double theta) {
    return dims * Math.log(original / (2 * Math.PI * turns)) / (2 * Math.log(theta));
  }

  /** {@code 0.1 · m · ln f + 1}. */
  static double magnitude(double f, double m) {
    return f <= 1 ? 1 : 0.1 * m * Math.log(f) + 1;
  }

  /** Turns the first dimensions of a head in place. */
  void turn(double[] x, int head, int position) {
    int half = frequencies.length;
    for (int i = 0; i < half; i++) {
      int a = head + (interleaved ? 2 * i : i);
      int b = head + (interleaved ? 2 * i + 1 : i + half);
      double cos = factor * Math.cos(position * frequencies[i]);
      double sin = factor * Math.sin(position * frequencies[i]);
      double first = x[a] * cos - x[b] * sin;
      x[b] = x[b] * cos + x[a] * sin;
      x[a] = first;
    }
  }
}
