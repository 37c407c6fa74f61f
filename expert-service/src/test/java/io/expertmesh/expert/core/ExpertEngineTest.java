package io.expertmesh.expert.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExpertEngineTest {
  private static final int ROWS = 11;

  private final ComputePool pool = ComputePools.of(2);

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void everyExpertComputesTheGatedFeedForwardFormula() {
    ExpertEngine engine = Goldens.engine("mixtral", DType.F32, "auto", pool, 4);
    int hidden = engine.weights().hidden();
    float[] x = rows(hidden);
    float[] y = new float[ROWS * hidden];
    try (Checkpoint checkpoint = Goldens.open("mixtral")) {
      for (ShardSpec.Block block : engine.weights().shard().blocks()) {
        engine.compute(engine.weights().shard().block(block.layer(), block.expert()), x, ROWS, y);
        DenseFfn ffn =
            checkpoint.spec().routed(block.layer()).orElseThrow().experts().get(block.expert());
        for (int row = 0; row < ROWS; row++) {
          double[] expected =
              formula(
                  checkpoint.matrix(ffn.gate().orElseThrow().weight()),
                  checkpoint.matrix(ffn.up().weight()),
                  checkpoint.matrix(ffn.down().weight()),
                  Arrays.copyOfRange(x, row * hidden, (row + 1) * hidden));
          for (int i = 0; i < hidden; i++) {
            assertThat((double) y[row * hidden + i])
                .as("%s row %s element %s", block, row, i)
                .isCloseTo(expected[i], within(1e-5 * Math.max(1, Math.abs(expected[i]))));
          }
        }
      }
    }
  }

  @Test
  void theScalarAndTheChosenKernelsAgreeToTheLastBit() {
    for (DType activations : new DType[] {DType.F32, DType.BF16}) {
      String golden = activations == DType.F32 ? "mixtral" : "mixtral-bf16";
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
    ExpertEngine whole = Goldens.engine("mixtral", DType.F32, "auto", pool, 64);
    ExpertEngine grouped = Goldens.engine("mixtral", DType.F32, "auto", pool, 2);
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
  }

  private static float[] rows(int hidden) {
    Random random = new Random(77);
    float[] x = new float[ROWS * hidden];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static double[] formula(
      WeightMatrix gate, WeightMatrix up, WeightMatrix down, float[] x) {
    double[] inner = new double[gate.rows()];
    for (int i = 0; i < inner.length; i++) {
      double g = dot(gate, i, toDouble(x));
      inner[i] = g / (1 + Math.exp(-g)) * dot(up, i, toDouble(x));
    }
    double[] y = new double[down.rows()];
    for (int i = 0; i < y.length; i++) {
      y[i] = dot(down, i, inner);
    }
    return y;
  }

  private static double[] toDouble(float[] x) {
    double[] wide = new double[x.length];
    Arrays.setAll(wide, i -> x[i]);
    return wide;
  }

  private static double dot(WeightMatrix w, int row, double[] x) {
    assertThat(w.dtype()).isEqualTo(DType.F32);
    assertThat(w.transposed()).isFalse();
    double sum = 0;
    for (int k = 0; k < x.length; k++) {
      sum +=
          w.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * ((long) row * w.columns() + k))
              * x[k];
    }
    return sum;
  }
}
