package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.Arrays;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowKernelsTest {
  private static final Kernels SCALAR = new ScalarKernels();
  private static final Kernels VECTOR = new VectorKernels();
  private static final int[] SIZES = {1, 2, 3, 8, 15, 16, 17, 31, 32, 33, 47, 64, 100, 257, 1030};

  /** Runs an operation with both providers on the same n random values. */
  private static void assertSame(int floatsPerElement, Operation operation) {
    Random random = new Random(21);
    for (int n : SIZES) {
      float[] scalar = KernelSamples.floats(random, n * floatsPerElement + 6);
      float[] vector = scalar.clone();
      operation.apply(SCALAR, scalar, n);
      operation.apply(VECTOR, vector, n);
      assertThat(vector).as("n = %d", n).isEqualTo(scalar);
    }
  }

  private interface Operation {
    void apply(Kernels kernels, float[] data, int n);
  }

  @Test
  void normsAreEqual() {
    float[] weight = KernelSamples.floats(new Random(22), 2000);
    assertSame(1, (kernels, x, n) -> kernels.rmsNorm(x, 3, weight, 1e-5f, x, 3, n));
  }

  @Test
  void aNormedRowHasTheMeanSquareOne() {
    float[] x = KernelSamples.floats(new Random(23), 300);
    float[] weight = new float[300];
    Arrays.fill(weight, 1f);
    VECTOR.rmsNorm(x, 0, weight, 0f, x, 0, 300);
    double squares = IntStream.range(0, 300).mapToDouble(i -> (double) x[i] * x[i]).sum();
    assertThat(squares / 300).isCloseTo(1, offset(1e-5));
  }

  @Test
  void layerNormsAreEqual() {
    float[] weight = KernelSamples.floats(new Random(26), 2000);
    float[] bias = KernelSamples.floats(new Random(27), 2000);
    assertSame(1, (kernels, x, n) -> kernels.layerNorm(x, 3, weight, bias, 1e-5f, x, 3, n));
  }

  @Test
  void aLayerNormedRowIsCentredAndScaled() {
    int n = 301;
    float[] x = KernelSamples.floats(new Random(28), n);
    float[] weight = KernelSamples.floats(new Random(29), n);
    float[] bias = KernelSamples.floats(new Random(30), n);
    for (int i = 0; i < n; i++) {
      x[i] += 40;
    }
    double mean = IntStream.range(0, n).mapToDouble(i -> x[i]).average().orElseThrow();
    double variance =
        IntStream.range(0, n).mapToDouble(i -> (x[i] - mean) * (x[i] - mean)).sum() / n;
    float[] y = new float[n];
    VECTOR.layerNorm(x, 0, weight, bias, 1e-2f, y, 0, n);
    for (int i = 0; i < n; i++) {
      double exact = (x[i] - mean) / Math.sqrt(variance + 1e-2f) * weight[i] + bias[i];
      assertThat((double) y[i]).isCloseTo(exact, offset(2e-5));
    }
  }

  @Test
  void scalingClampingSquashingAndCappingAreEqual() {
    assertSame(1, (kernels, x, n) -> kernels.scale(x, 3, n, 0.7f));
    assertSame(1, (kernels, x, n) -> kernels.clamp(x, 3, n, 0.9f));
    assertSame(1, (kernels, x, n) -> kernels.sigmoid(x, 3, n));
    assertSame(1, (kernels, x, n) -> kernels.softCap(x, 3, n, 0.8f));
  }

  @Test
  void softCapsAndSigmoidsHaveTheirKnownValues() {
    for (Kernels kernels : new Kernels[] {SCALAR, VECTOR}) {
      float[] x = {45f, 0f, -0f, 1e-30f, 1e30f, Float.NEGATIVE_INFINITY, -45f, 45f, 45f, 45f};
      kernels.softCap(x, 0, x.length, 30f);
      assertThat(x[0]).isCloseTo(27.154448f, offset(4e-6f));
      assertThat(x[6]).isEqualTo(-x[0]);
      assertThat(x[1]).isEqualTo(0f);
      assertThat(x[2]).isZero();
      assertThat(x[3]).isCloseTo(1e-30f, offset(1e-36f));
      assertThat(x[4]).isEqualTo(30f);
      assertThat(x[5]).isEqualTo(-30f);
      float[] y = {60f};
      kernels.softCap(y, 0, 1, 50f);
      assertThat(y[0]).isCloseTo(41.68273f, offset(8e-6f));
      float[] s = {1f, -0.25f, 2f, 200f, -200f};
      kernels.sigmoid(s, 0, 5);
      assertThat(s[0]).isCloseTo(0.7310586f, offset(1e-7f));
      assertThat(s[1]).isCloseTo(0.4378235f, offset(1e-7f));
      assertThat(s[2]).isCloseTo(0.880797f, offset(1e-7f));
      assertThat(s[3]).isEqualTo(1f);
      assertThat(s[4]).isZero();
    }
  }

  @Test
  void theHyperbolicTangentIsWithinTwoUlp() {
    for (float x = -12f; x < 12f; x += 0.00137f) {
      double exact = Math.tanh(x);
      double error = Math.abs(ExpMath.tanh(x) - exact) / Math.ulp((float) exact);
      assertThat(error).as("%s", x).isLessThan(2);
    }
    assertThat(ExpMath.tanh(Float.POSITIVE_INFINITY)).isEqualTo(1f);
    assertThat(ExpMath.tanh(Float.NEGATIVE_INFINITY)).isEqualTo(-1f);
    assertThat(ExpMath.tanh(Float.NaN)).isNaN();
  }

  @Test
  void gatedActivationsAreEqual() {
    assertSame(2, (kernels, x, n) -> kernels.swiGlu(x, 3, x, 3, n));
  }

  @Test
  void siluHasItsKnownValues() {
    float[] gateUp = {1f, -2f, 0.5f, 200f, -200f, 1f, 1f, 1f, 1f, 1f};
    for (Kernels kernels : new Kernels[] {SCALAR, VECTOR}) {
      float[] out = new float[5];
      kernels.swiGlu(gateUp, 0, out, 0, 5);
      assertThat((double) out[0]).isCloseTo(0.7310585975646973, offset(1e-7));
      assertThat((double) out[1]).isCloseTo(-0.23840583860874176, offset(3e-8));
      assertThat((double) out[2]).isCloseTo(0.3112296760082245, offset(6e-8));
      assertThat(out[3]).isEqualTo(200f);
      assertThat(out[4]).isZero();
    }
  }

  @Test
  void sumsAreEqual() {
    assertSame(2, (kernels, x, n) -> kernels.add(x, 3, x, 3 + n, n));
    assertSame(2, (kernels, x, n) -> kernels.addScaled(x, 3, 0.3f, x, 3 + n, n));
  }

  @Test
  void aScaledSumIsFusedOnce() {
    float[] acc = {1f};
    VECTOR.addScaled(acc, 0, 0.1f, new float[] {3f}, 0, 1);
    assertThat(acc[0]).isEqualTo(Math.fma(0.1f, 3f, 1f));
  }

  @Test
  void rotationsAreEqualAndKeepLengths() {
    float[] cos = new float[2000];
    float[] sin = new float[2000];
    for (int i = 0; i < 2000; i++) {
      cos[i] = (float) Math.cos(i);
      sin[i] = (float) Math.sin(i);
    }
    assertSame(2, (kernels, x, n) -> kernels.rope(x, 3, cos, sin, 5, n));
    float[] x = {3f, 4f};
    VECTOR.rope(x, 0, cos, sin, 7, 1);
    assertThat(x[0]).isCloseTo((float) (3 * Math.cos(7) - 4 * Math.sin(7)), offset(1e-6f));
    assertThat(x[1]).isCloseTo((float) (4 * Math.cos(7) + 3 * Math.sin(7)), offset(1e-6f));
  }

  @Test
  void interleavedRotationsAreEqualAndTurnNeighbours() {
    float[] cos = new float[2000];
    float[] sin = new float[2000];
    for (int i = 0; i < 2000; i++) {
      cos[i] = (float) Math.cos(i);
      sin[i] = (float) Math.sin(i);
    }
    assertSame(2, (kernels, x, n) -> kernels.ropeInterleaved(x, 3, cos, sin, 5, n));
    for (int half : new int[] {1, 16, 37}) {
      float[] pairs = KernelSamples.floats(new Random(half), 2 * half);
      float[] halves = new float[2 * half];
      for (int i = 0; i < half; i++) {
        halves[i] = pairs[2 * i];
        halves[half + i] = pairs[2 * i + 1];
      }
      VECTOR.ropeInterleaved(pairs, 0, cos, sin, 7, half);
      VECTOR.rope(halves, 0, cos, sin, 7, half);
      for (int i = 0; i < half; i++) {
        assertThat(pairs[2 * i]).isEqualTo(halves[i]);
        assertThat(pairs[2 * i + 1]).isEqualTo(halves[half + i]);
      }
    }
  }

  @Test
  void roundingToBf16HasItsKnownValues() {
    float[] values = {
      1.0039062f,
      1.0117188f,
      -1.0039062f,
      0f,
      -0f,
      Float.MAX_VALUE,
      Float.NEGATIVE_INFINITY,
      Float.intBitsToFloat(0x7f800001),
      Float.MIN_VALUE,
      3.1415927f
    };
    float[] expected = {
      1f,
      1.015625f,
      -1f,
      0f,
      -0f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      0f,
      3.140625f
    };
    for (Kernels kernels : new Kernels[] {SCALAR, VECTOR}) {
      float[] repeated = new float[7 * values.length];
      for (int i = 0; i < repeated.length; i++) {
        repeated[i] = values[i % values.length];
      }
      kernels.roundToBf16(repeated, 0, repeated.length);
      for (int i = 0; i < repeated.length; i++) {
        assertThat((Float) repeated[i]).isEqualTo((Float) expected[i % values.length]);
      }
    }
    assertThat(BFloat16.fromBits(BFloat16.toBits(1.0117188f))).isEqualTo(1.015625f);
  }

  @Test
  void roundingToBf16IsEqualForAllExponents() {
    float[] scalar = new float[65536];
    for (int i = 0; i < scalar.length; i++) {
      scalar[i] = Float.intBitsToFloat(i * 65536 + i * 31);
    }
    float[] vector = scalar.clone();
    SCALAR.roundToBf16(scalar, 0, scalar.length);
    VECTOR.roundToBf16(vector, 0, vector.length);
    assertThat(vector).isEqualTo(scalar);
  }

  @Test
  void softmaxesAreEqual() {
    assertSame(1, (kernels, x, n) -> kernels.softmax(x, 3, n));
  }

  @Test
  void aSoftmaxIsRightAndShiftsWithItsMaximum() {
    float[] x = {1000f, 1001f, 1002f, Float.NEGATIVE_INFINITY};
    VECTOR.softmax(x, 0, 4);
    assertThat(x[0]).isCloseTo(0.09003057f, offset(1e-7f));
    assertThat(x[1]).isCloseTo(0.24472848f, offset(1e-7f));
    assertThat(x[2]).isCloseTo(0.66524094f, offset(1e-7f));
    assertThat(x[3]).isZero();
  }

  @Test
  void logarithmsOfSumsAreEqualAndRight() {
    Random random = new Random(24);
    for (int n : SIZES) {
      float[] x = KernelSamples.floats(random, n + 3);
      double exact = Math.log(IntStream.range(3, n + 3).mapToDouble(i -> Math.exp(x[i])).sum());
      assertThat(VECTOR.logSumExp(x, 3, n)).isEqualTo(SCALAR.logSumExp(x, 3, n));
      assertThat(VECTOR.logSumExp(x, 3, n)).isCloseTo(exact, offset(1e-12));
    }
  }

  @Test
  void theExponentialIsWithinTwoUlp() {
    BiConsumer<Float, Float> check =
        (x, e) -> {
          double exact = Math.exp(x);
          assertThat(Math.abs(e - exact) / Math.ulp((float) exact)).as("%s", x).isLessThan(2);
        };
    for (float x = -86.5f; x < 88.7f; x += 0.0137f) {
      check.accept(x, ExpMath.exp(x));
    }
    assertThat(ExpMath.exp(0f)).isEqualTo(1f);
    assertThat(ExpMath.exp(-100f)).isZero();
    assertThat(ExpMath.exp(89f)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(ExpMath.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(ExpMath.exp(Float.NaN)).isNaN();
    for (double x = -700; x <= 0; x += 0.37) {
      assertThat(ExpMath.expNegative(x) / Math.exp(x)).isCloseTo(1, offset(5e-16));
    }
  }

  @Test
  void extremesOfTheExponentialAreEqual() {
    float[] gates = {
      -1e30f,
      -104f,
      -88.8f,
      -88.72f,
      -87.5f,
      -0f,
      0f,
      86.8f,
      87f,
      88.72f,
      104f,
      1e30f,
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.MIN_VALUE
    };
    float[] gateUp = new float[4 * gates.length];
    Arrays.fill(gateUp, 1f);
    System.arraycopy(gates, 0, gateUp, 0, gates.length);
    float[] scalar = new float[2 * gates.length];
    float[] vector = new float[2 * gates.length];
    SCALAR.swiGlu(gateUp, 0, scalar, 0, scalar.length);
    VECTOR.swiGlu(gateUp, 0, vector, 0, vector.length);
    assertThat(vector).isEqualTo(scalar);
  }

  @Test
  void oneValueThatIsNotFiniteIsFound() {
    for (int n : SIZES) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int at : new int[] {0, n / 2, n - 1}) {
          float[] x = new float[n + 2];
          x[n + 1] = Float.NaN;
          assertThat(SCALAR.allFinite(x, 1, n)).isTrue();
          assertThat(VECTOR.allFinite(x, 1, n)).isTrue();
          x[1 + at] = bad;
          assertThat(SCALAR.allFinite(x, 1, n)).isFalse();
          assertThat(VECTOR.allFinite(x, 1, n)).isFalse();
        }
      }
    }
  }

  @Test
  void theBestOfManyAreEqualAndTiesGoToTheLowerIndex() {
    Random random = new Random(25);
    for (int n : SIZES) {
      float[] x = new float[n + 2];
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextInt(9) == 0 ? Float.NaN : random.nextInt(20);
      }
      for (int k : new int[] {0, 1, 2, n / 2, n}) {
        if (k <= n) {
          int[] scalar = new int[k + 1];
          int[] vector = new int[k + 1];
          SCALAR.topK(x, 2, n, k, scalar, 1);
          VECTOR.topK(x, 2, n, k, vector, 1);
          assertThat(vector).as("%d of %d", k, n).isEqualTo(scalar);
        }
      }
    }
    int[] best = new int[3];
    VECTOR.topK(new float[] {5, 7, Float.NaN, 7, 6, 7}, 0, 6, 3, best, 0);
    assertThat(best).containsExactly(1, 3, 5);
  }
}
