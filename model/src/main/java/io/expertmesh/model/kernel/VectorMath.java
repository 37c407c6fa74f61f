package io.expertmesh.model.kernel;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The functions of {@link ExpMath} and {@link BFloat16}, lane by lane with the same bits. */
final class VectorMath {
  private VectorMath() {}

  /** {@link ExpMath#exp} of every lane. */
  static FloatVector exp(FloatVector x) {
    FloatVector log2e = FloatVector.broadcast(Lanes.F, ExpMath.LOG2_E);
    FloatVector shifted = x.fma(log2e, FloatVector.broadcast(Lanes.F, ExpMath.ROUND));
    FloatVector n = shifted.sub(ExpMath.ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.F, -ExpMath.LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(Lanes.F, -ExpMath.LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(Lanes.F, ExpMath.C7);
    p = p.fma(r, FloatVector.broadcast(Lanes.F, ExpMath.C6));
    p = p.fma(r, FloatVector.broadcast(Lanes.F, ExpMath.C5));
    p = p.fma(r, FloatVector.broadcast(Lanes.F, ExpMath.C4));
    p = p.fma(r, FloatVector.broadcast(Lanes.F, ExpMath.C3));
    p = p.fma(r, FloatVector.broadcast(Lanes.F, ExpMath.C2));
    p = p.fma(r.mul(r), r).add(1f);
    FloatVector half =
        shifted
            .reinterpretAsInts()
            .lanewise(VectorOperators.LSHL, 23)
            .add(ExpMath.HALF_BITS)
            .reinterpretAsFloats();
    FloatVector scaled = p.mul(half);
    return scaled
        .add(scaled)
        .blend(0f, x.compare(VectorOperators.LT, ExpMath.MIN))
        .blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, ExpMath.MAX));
  }

  /** {@link ExpMath#expNegative} of every lane. */
  static DoubleVector expNegative(DoubleVector x) {
    DoubleVector shifted = x.fma(constant(ExpMath.LOG2_E_D), constant(ExpMath.ROUND_D));
    DoubleVector n = shifted.sub(ExpMath.ROUND_D);
    DoubleVector r = n.fma(constant(-ExpMath.LN2_HIGH_D), x);
    r = n.fma(constant(-ExpMath.LN2_LOW_D), r);
    DoubleVector p = constant(ExpMath.D13);
    p = p.fma(r, constant(ExpMath.D12));
    p = p.fma(r, constant(ExpMath.D11));
    p = p.fma(r, constant(ExpMath.D10));
    p = p.fma(r, constant(ExpMath.D9));
    p = p.fma(r, constant(ExpMath.D8));
    p = p.fma(r, constant(ExpMath.D7));
    p = p.fma(r, constant(ExpMath.D6));
    p = p.fma(r, constant(ExpMath.D5));
    p = p.fma(r, constant(ExpMath.D4));
    p = p.fma(r, constant(ExpMath.D3));
    p = p.fma(r, constant(ExpMath.D2));
    p = p.fma(r.mul(r), r).add(1.0);
    LongVector bits = shifted.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 52);
    DoubleVector scale = bits.add(ExpMath.ONE_BITS_D).reinterpretAsDoubles();
    return p.mul(scale).blend(0.0, x.compare(VectorOperators.LT, ExpMath.MIN_D));
  }

  private static DoubleVector constant(double value) {
    return DoubleVector.broadcast(Lanes.D, value);
  }

  /** {@link ExpMath#silu} of every lane. */
  static FloatVector silu(FloatVector x) {
    return x.div(exp(x.neg()).add(1f));
  }

  /** {@link ExpMath#sigmoid} of every lane. */
  static FloatVector sigmoid(FloatVector x) {
    return FloatVector.broadcast(Lanes.F, 1f).div(exp(x.neg()).add(1f));
  }

  /** {@link ExpMath#tanh} of every lane. */
  static FloatVector tanh(FloatVector x) {
    FloatVector z = x.mul(x);
    FloatVector p = FloatVector.broadcast(Lanes.F, ExpMath.T5);
    p = p.fma(z, FloatVector.broadcast(Lanes.F, ExpMath.T4));
    p = p.fma(z, FloatVector.broadcast(Lanes.F, ExpMath.T3));
    p = p.fma(z, FloatVector.broadcast(Lanes.F, ExpMath.T2));
    p = p.fma(z, FloatVector.broadcast(Lanes.F, ExpMath.T1));
    FloatVector small = p.mul(z).fma(x, x);
    FloatVector a = x.abs();
    FloatVector one = FloatVector.broadcast(Lanes.F, 1f);
    FloatVector large = one.sub(FloatVector.broadcast(Lanes.F, 2f).div(exp(a.add(a)).add(1f)));
    IntVector sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
    FloatVector signed =
        large.reinterpretAsInts().and(Integer.MAX_VALUE).or(sign).reinterpretAsFloats();
    return signed.blend(small, a.compare(VectorOperators.LT, ExpMath.TANH_SMALL));
  }

  /** {@link BFloat16#round} of every lane. */
  static FloatVector roundToBf16(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    VectorMask<Integer> nan = bits.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    IntVector rounded = bits.add(odd).add(0x7fff).blend(bits.or(0x00400000), nan);
    return rounded.and(Lanes.BF16_BITS).reinterpretAsFloats();
  }
}
