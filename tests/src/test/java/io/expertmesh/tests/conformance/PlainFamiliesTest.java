package io.expertmesh.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.attention.core.EngineSettings;
import io.expertmesh.attention.core.MicroBatchMode;
import io.expertmesh.attention.core.SchedulerLimits;
import io.expertmesh.attention.core.ScoredToken;
import io.expertmesh.tests.reference.PlainModel;
import io.expertmesh.tests.support.EngineWorkload;
import io.expertmesh.tests.support.Logits;
import io.expertmesh.tests.support.LoopbackMesh;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Families, shapes and flags without a golden checkpoint: random weights through the services of a
 * mesh, against plain loops that follow the formulas.
 */
class PlainFamiliesTest {
  private static final double FP32_TOLERANCE = 1e-4;
  private static final long SEED = 7;

  @TempDir Path folder;

  static Stream<String> configs() {
    return OddConfigs.all();
  }

  @ParameterizedTest
  @MethodSource("configs")
  void aModelGivesWhatItsFormulasSay(String json) {
    PlainModel model = new PlainModel(json, SEED);
    int[] prompt = new Random(SEED).ints(23, 0, model.vocabulary()).toArray();
    double[][] expected = model.run(prompt).logits();
    List<Integer> greedy = model.greedy(prompt, 5);

    try (LoopbackMesh mesh =
        new LoopbackMesh(model.write(folder), 2, 1, PlainFamiliesTest::smallChunks)) {
      assertThat(worst(EngineWorkload.score(mesh, prompt, model.vocabulary()), expected))
          .as("seed %d", SEED)
          .isLessThanOrEqualTo(FP32_TOLERANCE);
      assertThat(EngineWorkload.greedy(mesh, prompt, 5)).as("seed %d", SEED).isEqualTo(greedy);
    }
  }

  /** The largest difference of a log-probability; NaN if any is. */
  static double worst(List<ScoredToken> scored, double[][] logits) {
    assertThat(scored).hasSameSizeAs(logits);
    double worst = 0;
    for (int t = 1; t < logits.length; t++) {
      double[] expected = Logits.logSoftmax(logits[t - 1]);
      ScoredToken token = scored.get(t);
      assertThat(token.topIds()).hasSameSizeAs(expected);
      for (int i = 0; i < expected.length; i++) {
        double difference = Math.abs(token.topLogprobs()[i] - expected[token.topIds()[i]]);
        worst = difference <= worst ? worst : difference;
      }
    }
    return worst;
  }

  private static EngineSettings smallChunks(EngineSettings settings) {
    return new EngineSettings(
        settings.activations(),
        settings.kvTokens(),
        new SchedulerLimits(17, 7, 8, 8),
        settings.maxContext(),
        false,
        MicroBatchMode.TWO,
        settings.maxLogprobs());
  }
}
