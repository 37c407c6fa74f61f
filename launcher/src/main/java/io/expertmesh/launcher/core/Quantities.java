package io.expertmesh.launcher.core;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
public final class Quantities {
  private Quantities() {}

  /** Bytes in MiB or GiB. */
  public static String bytes(long bytes) {
    if (bytes <= 0) {
      return "-";
    }
    double mebibytes = bytes / (1024.0 * 1024.0);
    return mebibytes < 1024
        ? String.format(Locale.ROOT, "%.0f MiB", mebibytes)
        : String.format(Locale.ROOT, "%.1f GiB", mebibytes / 1024);
  }

  /** A rate or a time with the digits that matter. */
  public static String decimal(double value) {
    if (value <= 0 || Double.isNaN(value)) {
      return "-";
    }
    return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
  }

  /** A time span in its two largest units. */
  public static String span(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min " + seconds % 60 + " s";
    }
    return seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
  }

  /** Seconds with one decimal. */
  public static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }
}
