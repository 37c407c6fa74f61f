package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OneDnnKernelsTest {
  private static final ComputePool ONE = ComputePools.of(1);
  private static final ComputePool TWO = ComputePools.of(2);

  @AfterAll
  static void closePools() {
    ONE.close();
    TWO.close();
  }

  @BeforeEach
  void onlyWhereItsNativesAre() {
    assumeTrue(
        (System.getProperty("os.name") + System.getProperty("os.arch")).equals("Linuxamd64"),
        "oneDNN comes for Linux amd64 only");
  }

  private static float[] multiply(
      Kernels kernels, PackedMatrix w, float[] x, int rows, ComputePool pool) {
    float[] y = new float[rows * w.rows()];
    Arrays.fill(y, Float.NaN);
    kernels.matmul(w, x, 0, rows, y, 0, pool);
    return y;
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void productsAgreeWithTheReference(DType activations) {
    Random random = new Random(41);
    Kernels oneDnn = OneDnnKernels.start(activations);
    Kernels scalar = new ScalarKernels();
    int[][] sizes = {{1, 1}, {3, 5}, {17, 33}, {64, 128}, {130, 300}};
    try (Arena arena = Arena.ofShared()) {
      for (DType stored : DType.values()) {
        for (int[] size : sizes) {
          WeightMatrix weights =
              KernelSamples.weights(random, stored, size[0], size[1], stored == DType.F16, arena);
          PackedMatrix a = oneDnn.pack(weights, activations, arena);
          PackedMatrix b = scalar.pack(weights, activations, arena);
          for (int rows : new int[] {1, 3, 16, 70}) {
            float[] x = KernelSamples.floats(random, rows * size[1]);
            float[] actual = multiply(oneDnn, a, x, rows, TWO);
            float[] expected = multiply(scalar, b, x, rows, ONE);
            for (int i = 0; i < actual.length; i++) {
              assertThat(Math.abs(actual[i] - expected[i]))
                  .as("%s %d x %d, %d rows", stored, size[0], size[1], rows)
                  .isLessThan(2e-5f);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void aRowDoesNotDependOnItsNeighboursOrThreads(DType dtype) {
    Random random = new Random(42);
    Kernels kernels = OneDnnKernels.start(dtype);
    int n = 200;
    int k = 256;
    int most = 300;
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix weights = KernelSamples.weights(random, dtype, n, k, false, arena);
      PackedMatrix packed = kernels.pack(weights, dtype, arena);
      float[] x = KernelSamples.floats(random, most * k);
      float[] alone = new float[most * n];
      for (int row = 0; row < most; row++) {
        kernels.matmul(packed, x, row * k, 1, alone, row * n, ONE);
      }
      for (ComputePool pool : List.of(ONE, TWO)) {
        for (int rows = 2; rows <= most; rows += rows < 66 ? 1 : 39) {
          assertThat(multiply(kernels, packed, x, rows, pool))
              .as("%d rows, %d threads", rows, pool.threads())
              .isEqualTo(Arrays.copyOf(alone, rows * n));
        }
      }
    }
  }

  @Test
  void aMatrixIsCutIntoSlicesThatAreWorthACall() {
    assertThat(OneDnnSlice.width(7168, 1024, Short.BYTES, 1 << 20)).isEqualTo(512);
    assertThat(OneDnnSlice.width(1024, 3584, Short.BYTES, 1 << 20)).isEqualTo(128);
    assertThat(OneDnnSlice.width(100, 64, Short.BYTES, 1 << 20)).isEqualTo(100);
    assertThat(OneDnnSlice.width(4096, 1 << 20, Short.BYTES, 1 << 20)).isEqualTo(64);
  }

  @Test
  void aRowOfManySlicesDoesNotDependOnItsNeighboursOrThreads() {
    Random random = new Random(43);
    Kernels kernels = OneDnnKernels.start(DType.BF16);
    int n = 1_500;
    int k = 1_030;
    int most = 600;
    try (Arena arena = Arena.ofShared()) {
      WeightMatrix first = KernelSamples.weights(random, DType.BF16, 900, k, false, arena);
      WeightMatrix second = KernelSamples.weights(random, DType.BF16, n - 900, k, false, arena);
      PackedMatrix packed = kernels.packStacked(List.of(first, second), DType.BF16, arena);
      float[] x = KernelSamples.floats(random, most * k);
      float[] alone = new float[most * n];
      for (int row = 0; row < most; row++) {
        kernels.matmul(packed, x, row * k, 1, alone, row * n, ONE);
      }
      Kernels scalar = new ScalarKernels();
      PackedMatrix plain = scalar.packStacked(List.of(first, second), DType.BF16, arena);
      float[] expected = multiply(scalar, plain, x, 4, ONE);
      for (int i = 0; i < expected.length; i++) {
        assertThat(Math.abs(alone[i] - expected[i])).isLessThan(2e-4f);
      }
      for (ComputePool pool : List.of(ONE, TWO)) {
        for (int rows : new int[] {2, 7, 9, 33, 257, 300, most}) {
          assertThat(multiply(kernels, packed, x, rows, pool))
              .as("%d rows, %d threads", rows, pool.threads())
              .isEqualTo(Arrays.copyOf(alone, rows * n));
        }
      }
    }
  }

  @Test
  void productsThatRunAtATimeDoNotDisturbEachOther() throws Exception {
    Random random = new Random(44);
    Kernels kernels = OneDnnKernels.start(DType.BF16);
    int n = 700;
    int k = 512;
    int rows = 20;
    try (Arena arena = Arena.ofShared();
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      PackedMatrix packed =
          kernels.pack(
              KernelSamples.weights(random, DType.BF16, n, k, false, arena), DType.BF16, arena);
      List<float[]> inputs = new ArrayList<>();
      List<Future<Boolean>> runs = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        inputs.add(KernelSamples.floats(random, rows * k));
      }
      for (float[] x : inputs) {
        float[] expected = multiply(kernels, packed, x, rows, ONE);
        runs.add(
            threads.submit(
                () -> {
                  boolean equal = true;
                  try (ComputePool own = ComputePools.of(2)) {
                    for (int i = 0; i < 200; i++) {
                      equal &= Arrays.equals(multiply(kernels, packed, x, rows, own), expected);
                    }
                  }
                  return equal;
                }));
      }
      for (Future<Boolean> run : runs) {
        assertThat(run.get()).isTrue();
      }
    }
  }

  /** An overflow in native code is no exception: it ends this process. */
  @Test
  void halfTheStackOfAServiceIsEnoughToMakeProducts() throws Exception {
    AtomicReference<String> provider = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              Kernels kernels = OneDnnKernels.start(DType.BF16);
              try (Arena arena = Arena.ofShared()) {
                Random random = new Random(45);
                WeightMatrix weights =
                    KernelSamples.weights(random, DType.BF16, 576, 960, false, arena);
                PackedMatrix packed = kernels.pack(weights, DType.BF16, arena);
                multiply(kernels, packed, KernelSamples.floats(random, 960 * 100), 100, ONE);
              }
              provider.set(kernels.provider());
            },
            "small stack",
            1 << 20);
    thread.start();
    thread.join();
    assertThat(provider).hasValue("onednn");
  }

  @Test
  void itsResultsAreOfAClassOfTheirOwn() {
    NumericsClass own = OneDnnKernels.start(DType.F32).numericsClass(DType.F32);
    assertThat(own.provider()).startsWith("onednn-3.");
    assertThat(own).isNotEqualTo(new VectorKernels().numericsClass(DType.F32));
  }

  @Test
  void itCanBeForced() {
    Selection selection = KernelProviders.select("onednn", DType.F32);
    assertThat(selection.kernels().provider()).isEqualTo("onednn");
  }

  @Test
  void bf16ModelsRunOnItOnlyWhereTheCpuMultipliesBf16() {
    Selection selection = KernelProviders.select("auto", DType.BF16);
    assertThat(selection.kernels().provider())
        .isEqualTo(CpuFeatures.hasBf16() ? "onednn" : "vector");
    assertThat(selection.reason()).contains("because");
  }

  @Test
  void roundedRowsAreFilledUpByTheRule() {
    RowRule rule = new RowRule(2, 4);
    assertThat(rule.padded(1)).isEqualTo(4);
    assertThat(rule.padded(5)).isEqualTo(8);
    assertThat(rule.padded(64)).isEqualTo(64);
    assertThat(new RowRule(2, 1).padded(1)).isEqualTo(2);
    assertThat(new RowRule(1, 1).padded(3)).isEqualTo(3);
    assertThat(new RowRule(1, 1).padded(7)).isEqualTo(8);
    assertThat(new RowRule(1, 1).padded(17)).isEqualTo(24);
    assertThat(new RowRule(1, 1).computed(64)).isEqualTo(64);
    assertThat(new RowRule(1, 1).computed(65)).isEqualTo(65);
    assertThat(new RowRule(1, 1).computed(200)).isEqualTo(200);
    assertThat(new RowRule(32, 32).computed(129)).isEqualTo(160);
    assertThat(new RowRule(32, 32).sizes()).containsExactly(32, 64, 128, 192, 256);
  }
}
