package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Operations on one row of floats. Every one has its twin in {@link ScalarKernels}. */
final class VectorRows {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int COUNT = Lanes.COUNT;

  /** 0, 1, 2, ... */
  private static final FloatVector STEPS = FloatVector.zero(F).addIndex(1);

  /** Lane i takes lane i / 2, and lane COUNT / 2 + i / 2. */
  private static final VectorShuffle<Float> LOW_TWICE = VectorShuffle.fromOp(F, i -> i / 2);

  private static final VectorShuffle<Float> HIGH_TWICE =
      VectorShuffle.fromOp(F, i -> (COUNT + i) / 2);

  /** Lane i takes its neighbour: 1, 0, 3, 2, ... */
  private static final VectorShuffle<Float> SWAPPED = VectorShuffle.fromOp(F, i -> i ^ 1);

  private static final VectorMask<Float> EVEN = VectorMask.fromLong(F, 0x5555_5555_5555_5555L);

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

  static void layerNorm(
      float[] x,
      int xOffset,
      float[] weight,
      float[] bias,
      float eps,
      float[] y,
      int yOffset,
      int n) {
    float mean = sum(x, xOffset, n) / n;
    float scale = ScalarKernels.rmsScale(squares(x, xOffset, mean, n), n, eps);
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector v = FloatVector.fromArray(F, x, xOffset + i).sub(mean).mul(scale);
      v.fma(FloatVector.fromArray(F, weight, i), FloatVector.fromArray(F, bias, i))
          .intoArray(y, yOffset + i);
    }
    for (; i < n; i++) {
      y[yOffset + i] = Math.fma((x[xOffset + i] - mean) * scale, weight[i], bias[i]);
    }
  }

  private static float sum(float[] x, int offset, int n) {
    float[] lanes = Workspace.get().lanes;
    for (int group = 0; group < SumOrder.LANES; group += COUNT) {
      FloatVector sum = FloatVector.zero(F);
      int i = group;
      for (; i <= n - COUNT; i += SumOrder.LANES) {
        sum = sum.add(FloatVector.fromArray(F, x, offset + i));
      }
      if (i < n) {
        VectorMask<Float> mask = F.indexInRange(i, n);
        sum = sum.add(FloatVector.fromArray(F, x, offset + i, mask), mask);
      }
      sum.intoArray(lanes, group);
    }
    return SumOrder.fold(lanes);
  }

  /** Sum of the squares of {@code x − mean}. */
  private static float squares(float[] x, int offset, float mean, int n) {
    float[] lanes = Workspace.get().lanes;
    for (int group = 0; group < SumOrder.LANES; group += COUNT) {
      FloatVector sum = FloatVector.zero(F);
      int i = group;
      for (; i <= n - COUNT; i += SumOrder.LANES) {
        FloatVector v = FloatVector.fromArray(F, x, offset + i).sub(mean);
        sum = v.fma(v, sum);
      }
      if (i < n) {
        VectorMask<Float> mask = F.indexInRange(i, n);
        FloatVector v = FloatVector.fromArray(F, x, offset + i, mask).sub(mean);
        sum = sum.blend(v.fma(v, sum), mask);
      }
      sum.intoArray(lanes, group);
    }
    return SumOrder.fold(lanes);
  }

  static void scale(float[] x, int offset, int n, float factor) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector.fromArray(F, x, offset + i).mul(factor).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] *= factor;
    }
  }

  static void clamp(float[] x, int offset, int n, float limit) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector.fromArray(F, x, offset + i).max(-limit).min(limit).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] = Math.min(Math.max(x[offset + i], -limit), limit);
    }
  }

  static void sigmoid(float[] x, int offset, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      VectorMath.sigmoid(FloatVector.fromArray(F, x, offset + i)).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] = ExpMath.sigmoid(x[offset + i]);
    }
  }

  static void softCap(float[] x, int offset, int n, float cap) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector v = FloatVector.fromArray(F, x, offset + i).div(cap);
      VectorMath.tanh(v).mul(cap).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] = cap * ExpMath.tanh(x[offset + i] / cap);
    }
  }

  /** {@code x[i] = fma(slope, first + i, x[i])} for n elements. */
  static void addSlope(float[] x, int offset, int n, float slope, int first) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector distance = STEPS.add((float) (first + i));
      FloatVector v = FloatVector.fromArray(F, x, offset + i);
      distance.fma(FloatVector.broadcast(F, slope), v).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] = Math.fma(slope, (float) (first + i), x[offset + i]);
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

  /** Writes the bf16 bits of n rounded values into a segment, from byte {@code to}. */
  static void toBf16(float[] x, int offset, MemorySegment out, long to, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      IntVector bits =
          VectorMath.roundToBf16(FloatVector.fromArray(F, x, offset + i)).reinterpretAsInts();
      bits.lanewise(VectorOperators.ASHR, Short.SIZE)
          .convertShape(VectorOperators.I2S, Lanes.HALF_SHORT, 0)
          .intoMemorySegment(out, to + (long) i * Short.BYTES, ByteOrder.nativeOrder());
    }
    for (; i < n; i++) {
      short bits = BFloat16.toBits(x[offset + i]);
      out.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + (long) i * Short.BYTES, bits);
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

  static void ropeInterleaved(
      float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half) {
    int i = 0;
    for (; i <= half - COUNT; i += COUNT) {
      FloatVector c = FloatVector.fromArray(F, cos, tableOffset + i);
      FloatVector s = FloatVector.fromArray(F, sin, tableOffset + i);
      turnPairs(x, offset + 2 * i, c.rearrange(LOW_TWICE), s.rearrange(LOW_TWICE));
      turnPairs(x, offset + 2 * i + COUNT, c.rearrange(HIGH_TWICE), s.rearrange(HIGH_TWICE));
    }
    for (; i < half; i++) {
      float a = x[offset + 2 * i];
      float b = x[offset + 2 * i + 1];
      float c = cos[tableOffset + i];
      float s = sin[tableOffset + i];
      x[offset + 2 * i] = Math.fma(-b, s, a * c);
      x[offset + 2 * i + 1] = Math.fma(a, s, b * c);
    }
  }

  /** Turns the pairs of one vector; both lanes of a pair hold its cosine and sine. */
  private static void turnPairs(float[] x, int at, FloatVector c, FloatVector s) {
    FloatVector v = FloatVector.fromArray(F, x, at);
    FloatVector other = v.rearrange(SWAPPED);
    other.lanewise(VectorOperators.NEG, EVEN).fma(s, v.mul(c)).intoArray(x, at);
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
