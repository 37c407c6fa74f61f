package io.expertmesh.expert.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.Activation;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.Linear;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExpertEngineTest {
  private static final int ROWS = 11;

  private final ComputePool pool = ComputePools.of(2);

  @AfterEach
  void close() {
    pool.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mixtral", "qwen2-moe", "deepseek-v3", "gpt-oss"})
  void everyExpertComputesTheFormulaOfItsFamily(String golden) {
    try (Checkpoint checkpoint = Goldens.open(golden)) {
      assertEveryExpertComputes(checkpoint);
    }
  }

  @Test
  void expertsWithoutAGateComputeTheirFormula() {
    try (Checkpoint checkpoint = new UngatedCheckpoint(Goldens.open("gpt-oss"))) {
      assertEveryExpertComputes(checkpoint);
    }
  }

  private void assertEveryExpertComputes(Checkpoint checkpoint) {
    Kernels kernels = KernelProviders.select("auto", DType.F32).kernels();
    ExpertEngine engine = Goldens.engine(checkpoint, DType.F32, kernels, pool, 4);
    int hidden = engine.weights().hidden();
    float[] x = rows(hidden);
    float[] y = new float[ROWS * hidden];
    for (ShardSpec.Block block : engine.weights().shard().blocks()) {
      engine.compute(engine.weights().shard().block(block.layer(), block.expert()), x, ROWS, y);
      DenseFfn ffn =
          checkpoint.spec().routed(block.layer()).orElseThrow().experts().get(block.expert());
      for (int row = 0; row < ROWS; row++) {
        float[] input = Arrays.copyOfRange(x, row * hidden, (row + 1) * hidden);
        double[] expected = formula(checkpoint, ffn, toDouble(input));
        for (int i = 0; i < hidden; i++) {
          assertThat((double) y[row * hidden + i])
              .as("%s row %s element %s", block, row, i)
              .isCloseTo(expected[i], within(2e-5 * Math.max(1, Math.abs(expected[i]))));
        }
      }
    }
  }

  @Test
  void theScalarAndTheChosenKernelsAgreeToTheLastBit() {
    for (String golden : List.of("mixtral", "mixtral-bf16", "gpt-oss")) {
      DType activations = golden.equals("mixtral-bf16") ? DType.BF16 : DType.F32;
      ExpertEngine vector = Goldens.engine(golden, activations, "vector", pool, 256);
      ExpertEngine scalar = Goldens.engine(golden, activations, "scalar", pool, 3);
      int hidden = vector.weights().hidden();
      float[] x = rows(hidden);
      float[] first = new float[ROWS * hidden];
      float[] second = new float[ROWS * hidden];
      for (int block = 0; block < vector.weights().shard().blocks().size(); block++) {
        vector.compute(block, x, ROWS, first);
        scalar.compute(block, x, ROWS, second);
        assertThat(second).as("block %s, %s", block, activations).isEqualTo(first);
      }
    }
  }

  @Test
  void aRowDoesNotDependOnItsNeighboursNorOnTheGrouping() {
    ExpertEngine whole = Goldens.engine("gpt-oss", DType.F32, "auto", pool, 64);
    ExpertEngine grouped = Goldens.engine("gpt-oss", DType.F32, "auto", pool, 2);
    int hidden = whole.weights().hidden();
    float[] x = rows(hidden);
    float[] together = new float[ROWS * hidden];
    float[] inGroups = new float[ROWS * hidden];
    float[] alone = new float[hidden];
    whole.compute(3, x, ROWS, together);
    grouped.compute(3, x, ROWS, inGroups);

    assertThat(inGroups).isEqualTo(together);
    for (int row = 0; row < ROWS; row++) {
      whole.compute(3, Arrays.copyOfRange(x, row * hidden, (row + 1) * hidden), 1, alone);
      assertThat(alone).isEqualTo(Arrays.copyOfRange(together, row * hidden, (row + 1) * hidden));
    }
  }

  @Test
  void withBf16ActivationsResultsAreExactInBf16() {
    ExpertEngine engine = Goldens.engine("mixtral-bf16", DType.BF16, "auto", pool, 64);
    int hidden = engine.weights().hidden();
    float[] y = new float[ROWS * hidden];
    engine.compute(0, rows(hidden), ROWS, y);
    for (float value : y) {
      assertThat(Float.floatToRawIntBits(value) & 0xffff).isZero();
    }
  }

  @Test
  void aSoundShardPassesItsSelfTest() {
    SelfTest.run(Goldens.engine("mixtral", DType.F32, "auto", pool, 64));
    SelfTest.run(Goldens.engine("mixtral-bf16", DType.BF16, "auto", pool, 64));
    SelfTest.run(Goldens.engine("gpt-oss", DType.F32, "auto", pool, 64));
    SelfTest.run(Goldens.engine("gpt-oss", DType.BF16, "vector", pool, 64));
  }

  private static float[] rows(int hidden) {
    Random random = new Random(77);
    float[] x = new float[ROWS * hidden];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static double[] formula(Checkpoint checkpoint, DenseFfn ffn, double[] x) {
    double[] up = linear(checkpoint, ffn.up(), x);
    double[] gate = ffn.gate().map(map -> linear(checkpoint, map, x)).orElse(up);
    double[] inner = new double[up.length];
    for (int i = 0; i < inner.length; i++) {
      inner[i] = hidden(ffn, gate[i], up[i]);
    }
    return linear(checkpoint, ffn.down(), inner);
  }

  private static double hidden(DenseFfn ffn, double gate, double up) {
    if (ffn.activation() instanceof Activation.ClampedSwiGlu(float alpha, float limit)) {
      double g = Math.min(gate, limit);
      return (Math.clamp(up, -limit, limit) + 1) * g / (1 + Math.exp(-alpha * g));
    }
    if (ffn.activation() instanceof Activation.Relu) {
      assertThat(ffn.gate()).isEmpty();
      return Math.max(up, 0);
    }
    assertThat(ffn.activation()).isEqualTo(new Activation.Silu());
    return gate / (1 + Math.exp(-gate)) * up;
  }

  private static double[] toDouble(float[] x) {
    double[] wide = new double[x.length];
    Arrays.setAll(wide, i -> x[i]);
    return wide;
  }

  private static double[] linear(Checkpoint checkpoint, Linear map, double[] x) {
    WeightMatrix w = checkpoint.matrix(map.weight());
    float[] bias = map.bias().map(checkpoint::vector).orElse(new float[w.rows()]);
    assertThat(w.dtype()).isEqualTo(DType.F32);
    double[] y = new double[w.rows()];
    for (int row = 0; row < y.length; row++) {
      y[row] = bias[row];
      for (int k = 0; k < x.length; k++) {
        long at = w.transposed() ? (long) k * w.rows() + row : (long) row * w.columns() + k;
        y[row] += w.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, at * Float.BYTES) * x[k];
      }
    }
    return y;
  }
}
