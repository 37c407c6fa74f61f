package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.expertmesh.model.core.Activation;
import io.expertmesh.model.core.ReferenceActivations;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ActivationKernelsTest {
  private static final Kernels SCALAR = new ScalarKernels();
  private static final Kernels VECTOR = new VectorKernels();
  private static final int[] SIZES = {1, 2, 3, 8, 15, 16, 17, 31, 33, 64, 100, 257};
  private static final float[] EXTREMES = {
    0f,
    -0f,
    1e-30f,
    -1e-30f,
    1.41f,
    1.42f,
    -1.42f,
    2.82f,
    2.83f,
    -2.83f,
    9f,
    -9f,
    14f,
    -14f,
    1e10f,
    -1e10f,
    1e30f,
    -1e30f,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE
  };

  @ParameterizedTest
  @EnumSource
  void providersGiveTheSameBitsOverAllSizes(Nonlinearity kind) {
    long seed = 31;
    Random random = new Random(seed);
    for (int n : SIZES) {
      float[] x = KernelSamples.floats(random, 2 * n + 3);
      float[] scalar = new float[n + 2];
      float[] vector = new float[n + 2];
      SCALAR.gated(kind, x, 3, scalar, 1, n);
      VECTOR.gated(kind, x, 3, vector, 1, n);
      assertThat(vector).as("seed %s, n = %s, gated", seed, n).isEqualTo(scalar);
      SCALAR.activate(kind, x, 3, scalar, 1, n);
      VECTOR.activate(kind, x, 3, vector, 1, n);
      assertThat(vector).as("seed %s, n = %s", seed, n).isEqualTo(scalar);
      float[] inPlace = x.clone();
      VECTOR.gated(kind, inPlace, 3, inPlace, 3, n);
      SCALAR.gated(kind, x, 3, scalar, 1, n);
      for (int i = 0; i < n; i++) {
        assertThat(inPlace[3 + i]).isEqualTo(scalar[1 + i]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void providersAgreeOnExtremes(Nonlinearity kind) {
    float[] x = new float[EXTREMES.length * 3];
    for (int i = 0; i < x.length; i++) {
      x[i] = EXTREMES[i % EXTREMES.length];
    }
    float[] scalar = new float[x.length];
    float[] vector = new float[x.length];
    SCALAR.activate(kind, x, 0, scalar, 0, x.length);
    VECTOR.activate(kind, x, 0, vector, 0, x.length);
    assertThat(vector).isEqualTo(scalar);
    assertThat(scalar[0]).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void valuesFollowTheFormula(Nonlinearity kind) {
    Activation activation =
        switch (kind) {
          case SILU -> new Activation.Silu();
          case GELU -> new Activation.Gelu();
          case GELU_TANH -> new Activation.GeluTanh();
          case QUICK_GELU -> new Activation.QuickGelu();
          case RELU -> new Activation.Relu();
        };
    float[] x = new float[20_001];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i - 10_000) * 0.00123f;
    }
    float[] y = new float[x.length];
    VECTOR.activate(kind, x, 0, y, 0, x.length);
    for (int i = 0; i < x.length; i++) {
      double exact = ReferenceActivations.apply(activation, x[i], 1);
      assertThat((double) y[i]).as("%s", x[i]).isCloseTo(exact, offset(Math.abs(x[i]) * 2e-7));
    }
  }

  @Test
  void activationsHaveTheirKnownValues() {
    float[] x = {1f, -2f, 0.5f};
    assertValues(
        Nonlinearity.SILU, x, 0.7310585975646973, -0.23840583860874176, 0.3112296760082245);
    assertValues(
        Nonlinearity.GELU, x, 0.8413447141647339, -0.04550027847290039, 0.3457312285900116);
    assertValues(
        Nonlinearity.GELU_TANH, x, 0.8411920070648193, -0.04540228843688965, 0.3457140028476715);
    assertValues(Nonlinearity.RELU, x, 1, 0, 0.5);
  }

  @Test
  void clampedSwiGlusAreEqualAndHaveTheirKnownValues() {
    for (Kernels kernels : new Kernels[] {SCALAR, VECTOR}) {
      float[] gateUp = {1f, -2f, 9f, 0.5f, 3f, -8f};
      float[] out = new float[3];
      kernels.clampedSwiGlu(gateUp, 0, 1.702f, 7f, out, 0, 3);
      assertThat(out[0]).isCloseTo(1.2686937f, offset(3e-7f));
      assertThat(out[1]).isCloseTo(-0.2573655f, offset(1e-7f));
      assertThat(out[2]).isCloseTo(-41.99972f, offset(8e-6f));
    }
    Random random = new Random(32);
    for (int n : SIZES) {
      float[] gateUp = KernelSamples.floats(random, 2 * n + 3);
      for (int i = 0; i < gateUp.length; i++) {
        gateUp[i] *= 4;
      }
      float[] scalar = new float[n + 2];
      float[] vector = new float[n + 2];
      SCALAR.clampedSwiGlu(gateUp, 3, 1.702f, 7f, scalar, 1, n);
      VECTOR.clampedSwiGlu(gateUp, 3, 1.702f, 7f, vector, 1, n);
      assertThat(vector).as("n = %s", n).isEqualTo(scalar);
    }
  }

  private static void assertValues(Nonlinearity kind, float[] x, double... expected) {
    for (Kernels kernels : new Kernels[] {SCALAR, VECTOR}) {
      float[] y = new float[x.length];
      kernels.activate(kind, x, 0, y, 0, x.length);
      for (int i = 0; i < x.length; i++) {
        assertThat((double) y[i]).as("%s(%s)", kind, x[i]).isCloseTo(expected[i], offset(1.2e-7));
      }
    }
  }
}
