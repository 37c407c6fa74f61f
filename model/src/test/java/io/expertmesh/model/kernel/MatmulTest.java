package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MatmulTest {
  private static final Kernels SCALAR = new ScalarKernels();
  private static final Kernels VECTOR = new VectorKernels();
  private static final ComputePool ONE = ComputePools.of(1);
  private static final ComputePool TWO = ComputePools.of(2);
  private static final ComputePool THREE = ComputePools.of(3);
  private static final int[][] SIZES = {
    {1, 1},
    {1, 7},
    {2, 3},
    {7, 1},
    {15, 17},
    {16, 16},
    {33, 64},
    {63, 129},
    {64, 65},
    {65, 33},
    {130, 300},
    {257, 131}
  };

  @AfterAll
  static void closePools() {
    ONE.close();
    TWO.close();
    THREE.close();
  }

  private static float[] multiply(
      Kernels kernels, PackedMatrix w, float[] x, int rows, ComputePool pool) {
    float[] y = new float[rows * w.rows()];
    Arrays.fill(y, Float.NaN);
    kernels.matmul(w, x, 0, rows, y, 0, pool);
    return y;
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void vectorEqualsScalarToTheBitForOddSizes(DType dtype) {
    Random random = new Random(11);
    try (Arena arena = Arena.ofShared()) {
      for (int[] size : SIZES) {
        for (boolean transposed : new boolean[] {false, true}) {
          WeightMatrix weights =
              KernelSamples.weights(random, dtype, size[0], size[1], transposed, arena);
          for (DType activations : List.of(DType.F32, DType.BF16)) {
            PackedMatrix scalar = SCALAR.pack(weights, activations, arena);
            PackedMatrix vector = VECTOR.pack(weights, activations, arena);
            for (int rows : new int[] {1, 2, 3, 5, 6, 7, 13, 19, 31}) {
              float[] x = KernelSamples.floats(random, rows * size[1]);
              assertThat(multiply(VECTOR, vector, x, rows, TWO))
                  .as("%s %d x %d, %d rows of %s", dtype, size[0], size[1], rows, activations)
                  .isEqualTo(multiply(SCALAR, scalar, x, rows, ONE));
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void aRowDoesNotDependOnItsNeighboursOrThreads(DType dtype) {
    Random random = new Random(12);
    int n = 150;
    int k = 333;
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix weights = KernelSamples.weights(random, dtype, n, k, false, arena);
      PackedMatrix packed = VECTOR.pack(weights, DType.BF16, arena);
      float[] x = KernelSamples.floats(random, 130 * k);
      float[] alone = new float[130 * n];
      for (int row = 0; row < 130; row++) {
        VECTOR.matmul(packed, x, row * k, 1, alone, row * n, ONE);
      }
      for (ComputePool pool : List.of(ONE, TWO, THREE)) {
        for (int rows = 2; rows <= 64; rows++) {
          assertThat(multiply(VECTOR, packed, x, rows, pool))
              .as("%d rows, %d threads", rows, pool.threads())
              .isEqualTo(Arrays.copyOf(alone, rows * n));
        }
        assertThat(multiply(VECTOR, packed, x, 130, pool)).isEqualTo(alone);
      }
    }
  }

  @Test
  void theProductIsTheProduct() {
    Random random = new Random(13);
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix weights = KernelSamples.weights(random, DType.F32, 20, 500, false, arena);
      float[] x = KernelSamples.floats(random, 500);
      PackedMatrix packed = VECTOR.pack(weights, DType.F32, arena);
      float[] y = multiply(VECTOR, packed, x, 1, TWO);
      for (int n = 0; n < 20; n++) {
        double exact = 0;
        for (int k = 0; k < 500; k++) {
          exact += (double) x[k] * weights.data().get(WeightReader.FLOAT_LE, (n * 500L + k) * 4);
        }
        assertThat((double) y[n]).isCloseTo(exact, org.assertj.core.data.Offset.offset(1e-5));
      }
    }
  }

  @Test
  void stackedMatricesStandOneAfterTheOther() {
    Random random = new Random(14);
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix a = KernelSamples.weights(random, DType.BF16, 33, 40, false, arena);
      WeightMatrix b = KernelSamples.weights(random, DType.F32, 50, 40, true, arena);
      float[] x = KernelSamples.floats(random, 3 * 40);
      for (Kernels kernels : List.of(SCALAR, VECTOR)) {
        PackedMatrix stacked = kernels.packStacked(List.of(a, b), DType.F32, arena);
        float[] both = multiply(kernels, stacked, x, 3, TWO);
        float[] first = multiply(kernels, kernels.pack(a, DType.F32, arena), x, 3, ONE);
        float[] second = multiply(kernels, kernels.pack(b, DType.F32, arena), x, 3, ONE);
        for (int row = 0; row < 3; row++) {
          assertThat(Arrays.copyOfRange(both, row * 83, row * 83 + 33))
              .isEqualTo(Arrays.copyOfRange(first, row * 33, row * 33 + 33));
          assertThat(Arrays.copyOfRange(both, row * 83 + 33, row * 83 + 83))
              .isEqualTo(Arrays.copyOfRange(second, row * 50, row * 50 + 50));
        }
      }
    }
  }

  @Test
  void anInfiniteOrMissingInputSpoilsItsRowAlone() {
    Random random = new Random(15);
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix weights = KernelSamples.weights(random, DType.BF16, 70, 50, false, arena);
      PackedMatrix packed = VECTOR.pack(weights, DType.BF16, arena);
      float[] x = KernelSamples.floats(random, 3 * 50);
      float[] clean = multiply(VECTOR, packed, x, 3, ONE);
      x[50] = Float.NaN;
      x[100] = Float.POSITIVE_INFINITY;
      float[] y = multiply(VECTOR, packed, x, 3, ONE);
      assertThat(Arrays.copyOf(y, 70)).isEqualTo(Arrays.copyOf(clean, 70));
      assertThat(VECTOR.allFinite(y, 0, 70)).isTrue();
      for (int n = 0; n < 70; n++) {
        assertThat(y[70 + n]).isNaN();
        assertThat(Float.isFinite(y[140 + n])).isFalse();
      }
    }
  }

  @Test
  void offsetsAreHonouredAndNothingElseIsWritten() {
    Random random = new Random(16);
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix weights = KernelSamples.weights(random, DType.F32, 5, 9, false, arena);
      PackedMatrix packed = VECTOR.pack(weights, DType.F32, arena);
      float[] x = KernelSamples.floats(random, 4 + 2 * 9);
      float[] y = new float[3 + 2 * 5 + 3];
      Arrays.fill(y, 7f);
      VECTOR.matmul(packed, x, 4, 2, y, 3, TWO);
      float[] plain = multiply(VECTOR, packed, Arrays.copyOfRange(x, 4, 22), 2, ONE);
      assertThat(Arrays.copyOfRange(y, 3, 13)).isEqualTo(plain);
      assertThat(Arrays.copyOf(y, 3)).containsOnly(7f);
      assertThat(Arrays.copyOfRange(y, 13, 16)).containsOnly(7f);
    }
  }

  @Test
  void rowsOutsideTheirArraysAreRefused() {
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix weights =
          new WeightMatrix(DType.F32, 2, 3, false, arena.allocate(ValueLayout.JAVA_FLOAT, 6));
      PackedMatrix packed = VECTOR.pack(weights, DType.F32, arena);
      assertThatThrownBy(() -> VECTOR.matmul(packed, new float[5], 0, 2, new float[4], 0, ONE))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> VECTOR.matmul(packed, new float[6], 0, 2, new float[3], 0, ONE))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void bf16WeightsTakeTwoBytesEach() {
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix weights =
          KernelSamples.weights(new Random(17), DType.BF16, 128, 100, false, arena);
      assertThat(VECTOR.pack(weights, DType.F32, arena).bytes()).isEqualTo(128 * 100 * 2);
    }
  }
}
