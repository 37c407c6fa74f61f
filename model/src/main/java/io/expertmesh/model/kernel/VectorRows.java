package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Operations on one row of floats. Every one has its twin in {@link ScalarKernels}. */
final class VectorRows {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int COUNT = Lanes.COUNT;

  private VectorRows() {}

  static void rmsNorm(
      float[] x, int xOffset, float[] weight, float eps, float[] y, int yOffset, int n) {
    float[] lanes = Workspace.get().lanes;
    for (int group = 0; group < SumOrder.LANES; group += COUNT) {
      FloatVector sum = FloatVector.zero(F);
      int i = group;
      for (; i <= n - COUNT; i += SumOrder.LANES) {
        FloatVector v = FloatVector.fromArray(F, x, xOffset + i);
        sum = v.fma(v, sum);
      }
      if (i < n) {
        FloatVector v = FloatVector.fromArray(F, x, xOffset + i, F.indexInRange(i, n));
        sum = v.fma(v, sum);
      }
      sum.intoArray(lanes, group);
    }
    float scale = ScalarKernels.rmsScale(SumOrder.fold(lanes), n, eps);
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector v = FloatVector.fromArray(F, x, xOffset + i).mul(scale);
      v.mul(FloatVector.fromArray(F, weight, i)).intoArray(y, yOffset + i);
    }
    for (; i < n; i++) {
      y[yOffset + i] = x[xOffset + i] * scale * weight[i];
    }
  }

  static void swiGlu(float[] gateUp, int offset, float[] out, int outOffset, int inner) {
    int i = 0;
    for (; i <= inner - COUNT; i += COUNT) {
      FloatVector gate = FloatVector.fromArray(F, gateUp, offset + i);
      FloatVector up = FloatVector.fromArray(F, gateUp, offset + inner + i);
      VectorMath.silu(gate).mul(up).intoArray(out, outOffset + i);
    }
    for (; i < inner; i++) {
      out[outOffset + i] = ExpMath.silu(gateUp[offset + i]) * gateUp[offset + inner + i];
    }
  }

  static void add(float[] a, int aOffset, float[] b, int bOffset, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector v = FloatVector.fromArray(F, a, aOffset + i);
      v.add(FloatVector.fromArray(F, b, bOffset + i)).intoArray(a, aOffset + i);
    }
    for (; i < n; i++) {
      a[aOffset + i] += b[bOffset + i];
    }
  }

  static void addScaled(float[] acc, int accOffset, float scale, float[] x, int xOffset, int n) {
    int i = 0;
    FloatVector factor = FloatVector.broadcast(F, scale);
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector sum = FloatVector.fromArray(F, acc, accOffset + i);
      factor.fma(FloatVector.fromArray(F, x, xOffset + i), sum).intoArray(acc, accOffset + i);
    }
    for (; i < n; i++) {
      acc[accOffset + i] = Math.fma(scale, x[xOffset + i], acc[accOffset + i]);
    }
  }

  static void roundToBf16(float[] x, int offset, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector v = FloatVector.fromArray(F, x, offset + i);
      VectorMath.roundToBf16(v).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] = BFloat16.round(x[offset + i]);
    }
  }

  /** Writes the bf16 bits of n rounded values to the front of a segment. */
  static void toBf16(float[] x, int offset, MemorySegment out, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      IntVector bits =
          VectorMath.roundToBf16(FloatVector.fromArray(F, x, offset + i)).reinterpretAsInts();
      bits.lanewise(VectorOperators.ASHR, Short.SIZE)
          .convertShape(VectorOperators.I2S, Lanes.HALF_SHORT, 0)
          .intoMemorySegment(out, (long) i * Short.BYTES, ByteOrder.nativeOrder());
    }
    for (; i < n; i++) {
      out.setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.toBits(x[offset + i]));
    }
  }

  static void rope(float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half) {
    int i = 0;
    for (; i <= half - COUNT; i += COUNT) {
      FloatVector a = FloatVector.fromArray(F, x, offset + i);
      FloatVector b = FloatVector.fromArray(F, x, offset + half + i);
      FloatVector c = FloatVector.fromArray(F, cos, tableOffset + i);
      FloatVector s = FloatVector.fromArray(F, sin, tableOffset + i);
      b.neg().fma(s, a.mul(c)).intoArray(x, offset + i);
      a.fma(s, b.mul(c)).intoArray(x, offset + half + i);
    }
    for (; i < half; i++) {
      float a = x[offset + i];
      float b = x[offset + half + i];
      float c = cos[tableOffset + i];
      float s = sin[tableOffset + i];
      x[offset + i] = Math.fma(-b, s, a * c);
      x[offset + half + i] = Math.fma(a, s, b * c);
    }
  }

  static float max(float[] x, int offset, int n) {
    float max = Float.NEGATIVE_INFINITY;
    int i = 0;
    if (n >= COUNT) {
      FloatVector lanes = FloatVector.broadcast(F, max);
      for (; i <= n - COUNT; i += COUNT) {
        lanes = lanes.max(FloatVector.fromArray(F, x, offset + i));
      }
      max = lanes.reduceLanes(VectorOperators.MAX);
    }
    for (; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }

  static void softmax(float[] x, int offset, int n) {
    float sum = exponentials(x, offset, n, max(x, offset, n));
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector.fromArray(F, x, offset + i).div(sum).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] /= sum;
    }
  }

  /** Replaces n values by {@code exp(x - max)} and returns their sum. */
  static float exponentials(float[] x, int offset, int n, float max) {
    float[] lanes = Workspace.get().lanes;
    for (int group = 0; group < SumOrder.LANES; group += COUNT) {
      FloatVector sum = FloatVector.zero(F);
      int i = group;
      for (; i <= n - COUNT; i += SumOrder.LANES) {
        FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, offset + i).sub(max));
        e.intoArray(x, offset + i);
        sum = sum.add(e);
      }
      if (i < n) {
        VectorMask<Float> mask = F.indexInRange(i, n);
        FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, offset + i, mask).sub(max));
        e.intoArray(x, offset + i, mask);
        sum = sum.add(e, mask);
      }
      sum.intoArray(lanes, group);
    }
    return SumOrder.fold(lanes);
  }

  static double logSumExp(float[] x, int offset, int n) {
    double max = max(x, offset, n);
    double[] lanes = Workspace.get().doubleLanes;
    int width = Lanes.D.length();
    for (int group = 0; group < SumOrder.LANES; group += width) {
      DoubleVector sum = DoubleVector.zero(Lanes.D);
      int i = group;
      for (; i <= n - width; i += SumOrder.LANES) {
        FloatVector v = FloatVector.fromArray(Lanes.HALF, x, offset + i);
        DoubleVector d = (DoubleVector) v.convertShape(VectorOperators.F2D, Lanes.D, 0);
        sum = sum.add(VectorMath.expNegative(d.sub(max)));
      }
      sum.intoArray(lanes, group);
      for (int j = i; j < Math.min(n, i + width); j++) {
        lanes[j % SumOrder.LANES] += ExpMath.expNegative(x[offset + j] - max);
      }
    }
    return max + StrictMath.log(SumOrder.fold(lanes));
  }

  static boolean allFinite(float[] x, int offset, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector v = FloatVector.fromArray(F, x, offset + i);
      if (!v.test(VectorOperators.IS_FINITE).allTrue()) {
        return false;
      }
    }
    for (; i < n; i++) {
      if (!Float.isFinite(x[offset + i])) {
        return false;
      }
    }
    return true;
  }
}
