package io.expertmesh.model.kernel;

/** The total order of top-k: larger values first, equal ones by index, NaN last. */
final class Ranking {
  private Ranking() {}

  /** True if element i ranks before element j of the values from {@code offset}. */
  static boolean before(float[] x, int offset, int i, int j) {
    float a = x[offset + i];
    float b = x[offset + j];
    if (a > b) {
      return true;
    }
    if (a < b) {
      return false;
    }
    boolean aIsNan = Float.isNaN(a);
    boolean bIsNan = Float.isNaN(b);
    return aIsNan == bIsNan ? i < j : bIsNan;
  }
}
