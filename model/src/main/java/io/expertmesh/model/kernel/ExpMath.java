package io.expertmesh.model.kernel;

/**
 * Exponentials whose bits depend on nothing but the argument. The JDK leaves one ulp of freedom to
 * the platform; these polynomials leave none, and the vector kernels evaluate them operation by
 * operation in the same order.
 *
 * <p>fp32: Cody-Waite reduction by multiples of ln 2 and the polynomial of the Cephes library's
 * {@code expf}, within 2 ulp. Results below 2^-125 are 0. fp64: the same reduction and the Taylor
 * polynomial of degree 13, within 2 ulp. Results below 2^-1021 are 0.
 */
final class ExpMath {
  /** 1.5 · 2^23: adding it leaves the nearest integer in the low bits of the sum. */
  static final float ROUND = 12582912f;

  static final float LOG2_E = 1.442695f;
  static final float LN2_HIGH = 0.6933594f;
  static final float LN2_LOW = -2.12194440e-4f;
  static final float MAX = 88.72284f;
  static final float MIN = -86.9f;
  static final float C7 = 0.00019875691f;
  static final float C6 = 0.0013981999f;
  static final float C5 = 0.008333452f;
  static final float C4 = 0.041665796f;
  static final float C3 = 0.16666666f;
  static final float C2 = 0.5f;

  /** Exponent field of 2^-1: the other factor 2 is applied by an addition, so that 2^128 works. */
  static final int HALF_BITS = 126 << 23;

  /** 1.5 · 2^52. */
  static final double ROUND_D = 6755399441055744.0;

  static final double LOG2_E_D = 1.4426950408889634;
  static final double LN2_HIGH_D = 0.6931471803691238;
  static final double LN2_LOW_D = 1.9082149292705877E-10;
  static final double MIN_D = -707.0;
  static final long ONE_BITS_D = 1023L << 52;
  static final double D13 = 1.6059043836821613e-10;
  static final double D12 = 2.08767569878681e-9;
  static final double D11 = 2.505210838544172e-8;
  static final double D10 = 2.755731922398589e-7;
  static final double D9 = 2.7557319223985893e-6;
  static final double D8 = 2.48015873015873e-5;
  static final double D7 = 1.984126984126984e-4;
  static final double D6 = 1.388888888888889e-3;
  static final double D5 = 8.333333333333333e-3;
  static final double D4 = 4.1666666666666664e-2;
  static final double D3 = 0.16666666666666666;
  static final double D2 = 0.5;

  /** Below it tanh is a polynomial, above it comes from the exponential. */
  static final float TANH_SMALL = 0.625f;

  static final float T5 = -0.0057049887f;
  static final float T4 = 0.020639088f;
  static final float T3 = -0.053739715f;
  static final float T2 = 0.13331442f;
  static final float T1 = -0.3333328f;

  private ExpMath() {}

  /** e^x in fp32. */
  static float exp(float x) {
    if (x > MAX) {
      return Float.POSITIVE_INFINITY;
    }
    if (x < MIN) {
      return 0f;
    }
    float shifted = Math.fma(x, LOG2_E, ROUND);
    float n = shifted - ROUND;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    float p = Math.fma(C7, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r * r, r) + 1f;
    float half = Float.intBitsToFloat((Float.floatToRawIntBits(shifted) << 23) + HALF_BITS);
    float scaled = p * half;
    return scaled + scaled;
  }

  /** e^x in fp64, for x ≤ 0. */
  static double expNegative(double x) {
    if (x < MIN_D) {
      return 0;
    }
    double shifted = Math.fma(x, LOG2_E_D, ROUND_D);
    double n = shifted - ROUND_D;
    double r = Math.fma(n, -LN2_LOW_D, Math.fma(n, -LN2_HIGH_D, x));
    double p = Math.fma(D13, r, D12);
    p = Math.fma(p, r, D11);
    p = Math.fma(p, r, D10);
    p = Math.fma(p, r, D9);
    p = Math.fma(p, r, D8);
    p = Math.fma(p, r, D7);
    p = Math.fma(p, r, D6);
    p = Math.fma(p, r, D5);
    p = Math.fma(p, r, D4);
    p = Math.fma(p, r, D3);
    p = Math.fma(p, r, D2);
    p = Math.fma(p, r * r, r) + 1.0;
    return p * Double.longBitsToDouble((Double.doubleToRawLongBits(shifted) << 52) + ONE_BITS_D);
  }

  /** {@code x · sigmoid(x)}. */
  static float silu(float x) {
    return x / (1f + exp(-x));
  }

  /** The logistic function {@code 1 / (1 + e^-x)}. */
  static float sigmoid(float x) {
    return 1f / (1f + exp(-x));
  }

  /** The hyperbolic tangent, within 2 ulp: the polynomial of the Cephes library's {@code tanhf}. */
  static float tanh(float x) {
    float a = Math.abs(x);
    if (a < TANH_SMALL) {
      float z = x * x;
      float p = Math.fma(T5, z, T4);
      p = Math.fma(p, z, T3);
      p = Math.fma(p, z, T2);
      p = Math.fma(p, z, T1);
      return Math.fma(p * z, x, x);
    }
    return Math.copySign(1f - 2f / (exp(a + a) + 1f), x);
  }
}
