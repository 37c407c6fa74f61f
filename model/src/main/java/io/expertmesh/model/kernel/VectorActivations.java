package io.expertmesh.model.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The activations of {@link ActivationMath} over rows, lane by lane with the same bits. */
final class VectorActivations {
  private VectorActivations() {}

  /** {@code out = f(x)}, possibly in place. */
  static void activate(
      Nonlinearity kind, float[] x, int offset, float[] out, int outOffset, int n) {
    int whole =
        switch (kind) {
          case SILU -> silu(x, offset, out, outOffset, n);
          case GELU -> gelu(x, offset, out, outOffset, n);
          case GELU_TANH -> geluTanh(x, offset, out, outOffset, n);
          case QUICK_GELU -> quickGelu(x, offset, out, outOffset, n);
          case RELU -> relu(x, offset, out, outOffset, n);
        };
    for (int i = whole; i < n; i++) {
      out[outOffset + i] = ActivationMath.apply(kind, x[offset + i]);
    }
  }

  /** {@code out = f(gate) · up}. */
  static void gated(
      Nonlinearity kind, float[] gateUp, int offset, float[] out, int outOffset, int inner) {
    if (kind == Nonlinearity.SILU) {
      VectorRows.swiGlu(gateUp, offset, out, outOffset, inner);
      return;
    }
    activate(kind, gateUp, offset, out, outOffset, inner);
    int i = 0;
    for (; i <= inner - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector activated = FloatVector.fromArray(Lanes.F, out, outOffset + i);
      FloatVector up = FloatVector.fromArray(Lanes.F, gateUp, offset + inner + i);
      activated.mul(up).intoArray(out, outOffset + i);
    }
    for (; i < inner; i++) {
      out[outOffset + i] *= gateUp[offset + inner + i];
    }
  }

  static void clampedSwiGlu(
      float[] gateUp, int offset, float alpha, float limit, float[] out, int outOffset, int inner) {
    int i = 0;
    for (; i <= inner - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector g = FloatVector.fromArray(Lanes.F, gateUp, offset + i).min(limit);
      FloatVector u =
          FloatVector.fromArray(Lanes.F, gateUp, offset + inner + i).min(limit).max(-limit);
      FloatVector swish = g.div(VectorMath.exp(g.mul(alpha).neg()).add(1f));
      u.add(1f).mul(swish).intoArray(out, outOffset + i);
    }
    for (; i < inner; i++) {
      float gate = gateUp[offset + i];
      float up = gateUp[offset + inner + i];
      out[outOffset + i] = ActivationMath.clampedSwiGlu(gate, up, alpha, limit);
    }
  }

  private static int silu(float[] x, int offset, float[] out, int outOffset, int n) {
    int i = 0;
    for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, offset + i);
      VectorMath.silu(v).intoArray(out, outOffset + i);
    }
    return i;
  }

  private static int gelu(float[] x, int offset, float[] out, int outOffset, int n) {
    int i = 0;
    for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, offset + i);
      FloatVector t = v.mul(ActivationMath.SQRT_HALF);
      FloatVector a = t.abs();
      FloatVector half = FloatVector.broadcast(Lanes.F, 0.5f);
      FloatVector near = t.mul(polynomial(ActivationMath.NEAR, t.mul(t))).fma(half, half);
      FloatVector one = FloatVector.broadcast(Lanes.F, 1f);
      FloatVector q = one.div(a);
      FloatVector y = q.mul(q);
      FloatVector outer =
          polynomial(ActivationMath.FAR, y)
              .blend(polynomial(ActivationMath.MIDDLE, y), a.compare(VectorOperators.LT, 2f));
      FloatVector tail = VectorMath.exp(a.mul(a).neg()).mul(q.mul(outer)).mul(0.5f);
      FloatVector normal = one.sub(tail).blend(tail, t.compare(VectorOperators.LT, 0f));
      v.mul(normal.blend(near, a.compare(VectorOperators.LT, 1f))).intoArray(out, outOffset + i);
    }
    return i;
  }

  private static int geluTanh(float[] x, int offset, float[] out, int outOffset, int n) {
    int i = 0;
    FloatVector b = FloatVector.broadcast(Lanes.F, ActivationMath.TANH_B);
    FloatVector a = FloatVector.broadcast(Lanes.F, ActivationMath.TANH_A);
    for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, offset + i);
      FloatVector w = v.mul(v.mul(v).fma(b, a));
      v.div(VectorMath.exp(w.neg()).add(1f)).intoArray(out, outOffset + i);
    }
    return i;
  }

  private static int quickGelu(float[] x, int offset, float[] out, int outOffset, int n) {
    int i = 0;
    for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, offset + i);
      FloatVector e = VectorMath.exp(v.mul(ActivationMath.QUICK).neg());
      v.div(e.add(1f)).intoArray(out, outOffset + i);
    }
    return i;
  }

  private static int relu(float[] x, int offset, float[] out, int outOffset, int n) {
    int i = 0;
    for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector.fromArray(Lanes.F, x, offset + i).max(0f).intoArray(out, outOffset + i);
    }
    return i;
  }

  private static FloatVector polynomial(float[] coefficients, FloatVector x) {
    FloatVector p = FloatVector.broadcast(Lanes.F, coefficients[0]);
    for (int i = 1; i < coefficients.length; i++) {
      p = p.fma(x, FloatVector.broadcast(Lanes.F, coefficients[i]));
    }
    return p;
  }
}
