package io.expertmesh.model.kernel;

/**
 * The bf16 number format: the upper half of an fp32 number. Rounding is to nearest, ties to even.
 */
public final class BFloat16 {
  private static final int UPPER = 0xffff0000;
  private static final int QUIET = 0x00400000;

  private BFloat16() {}

  /**
   * The nearest bf16 number, as a float. NaN stays NaN; values beyond the range become infinite.
   */
  public static float round(float value) {
    return Float.intBitsToFloat(roundBits(Float.floatToRawIntBits(value)));
  }

  /** The 16 bits of the nearest bf16 number. */
  public static short toBits(float value) {
    return (short) (roundBits(Float.floatToRawIntBits(value)) >>> 16);
  }

  /** The value of 16 bits, exactly. */
  public static float fromBits(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  private static int roundBits(int bits) {
    // a NaN whose payload sits in the lower half alone would turn into an infinity
    return (bits & 0x7fffffff) > 0x7f800000
        ? (bits | QUIET) & UPPER
        : (bits + 0x7fff + ((bits >>> 16) & 1)) & UPPER;
  }
}
