package io.expertmesh.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.attention.core.EngineSettings;
import io.expertmesh.attention.core.MicroBatchMode;
import io.expertmesh.attention.core.SchedulerLimits;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.tests.support.EngineWorkload;
import io.expertmesh.tests.support.GoldenModel;
import io.expertmesh.tests.support.LoopbackMesh;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every family over real gRPC connections, on two meshes: one expert host and prompts taken whole,
 * and six hosts in three shards with prompts in small chunks and steps in two parts. The first
 * gives what the reference computed, and both give the same bits for the same requests, alone and
 * in a batch.
 */
class FamiliesTest {
  private static final double FP32_TOLERANCE = 1e-4;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama-dense",
        "mixtral",
        "qwen2-moe",
        "qwen3-moe",
        "glam-shape",
        "olmoe",
        "deepseek-v3",
        "phimoe",
        "gpt-oss",
        "palm-shape"
      })
  void aFamilyGivesItsReferencesLogitsAndTheSameBitsEverywhere(String name) {
    try (GoldenModel golden = new GoldenModel(name)) {
      // prompts longer than any golden window
      EngineWorkload workload = new EngineWorkload(golden.vocabulary(), 40, 12, 24);
      List<List<Integer>> yardstick;
      try (LoopbackMesh mesh = new LoopbackMesh(golden.directory(), 1, 1, whole -> whole)) {
        assertThat(golden.worstDifference(mesh)).isLessThanOrEqualTo(FP32_TOLERANCE);
        assertThat(golden.greedyIds(mesh)).isEqualTo(golden.referenceGreedyIds());
        yardstick = workload.alone(mesh);
        assertThat(workload.together(mesh)).as("alone and in a batch").isEqualTo(yardstick);
      }
      try (LoopbackMesh mesh =
          new LoopbackMesh(golden.directory(), 3, 2, FamiliesTest::smallChunks)) {
        assertThat(workload.alone(mesh)).as("other places and chunks").isEqualTo(yardstick);
        assertThat(workload.together(mesh)).as("and in a batch").isEqualTo(yardstick);
      }
    }
  }

  /** DeepSeek's reference does not tell its router logits. */
  @ParameterizedTest
  @ValueSource(
      strings = {"mixtral", "qwen2-moe", "qwen3-moe", "glam-shape", "olmoe", "phimoe", "gpt-oss"})
  void aFamilysTokensHaveTheExpertsThatTheReferencesRouterLogitsImply(String name) {
    Kernels kernels = KernelProviders.select("vector", DType.F32).kernels();
    try (GoldenModel golden = new GoldenModel(name);
        Checkpoint checkpoint = Checkpoints.open(golden.directory());
        LoopbackMesh mesh = new LoopbackMesh(golden.directory(), 2, 1, FamiliesTest::smallChunks)) {
      assertThat(golden.worstWeight(mesh, checkpoint.spec(), kernels))
          .isLessThanOrEqualTo(FP32_TOLERANCE);
    }
  }

  private static EngineSettings smallChunks(EngineSettings settings) {
    return new EngineSettings(
        settings.activations(),
        settings.kvTokens(),
        new SchedulerLimits(24, 7, 16, 64),
        settings.maxContext(),
        false,
        MicroBatchMode.TWO,
        settings.maxLogprobs());
  }
}
