package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.DType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The forward pass against what the reference implementation computes. */
class FidelityTest {
  private static final double FP32_TOLERANCE = 1e-4;

  /**
   * The bf16 reference rounds after every operation; logits spread over several units, and eight
   * bits of mantissa in three layers leave some hundredths.
   */
  private static final double BF16_TOLERANCE = 0.1;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama-dense",
        "mixtral",
        "qwen2-moe",
        "qwen3-moe",
        "glam-shape",
        "olmoe",
        "palm-shape"
      })
  void logitsInFp32AreThoseOfTheReference(String name) throws Exception {
    assertThat(largestDifference(name, DType.F32, MicroBatchMode.ONE)).isLessThan(FP32_TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama-dense",
        "mixtral",
        "qwen2-moe",
        "qwen3-moe",
        "glam-shape",
        "olmoe",
        "palm-shape"
      })
  void twoMicroBatchesComputeTheSame(String name) throws Exception {
    assertThat(largestDifference(name, DType.F32, MicroBatchMode.TWO)).isLessThan(FP32_TOLERANCE);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void logitsOfABf16CheckpointAreWithinItsRounding(DType activations) throws Exception {
    assertThat(largestDifference("mixtral-bf16", activations, MicroBatchMode.ONE))
        .isLessThan(BF16_TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama-dense",
        "mixtral",
        "mixtral-bf16",
        "qwen2-moe",
        "qwen3-moe",
        "glam-shape",
        "olmoe",
        "palm-shape"
      })
  void greedyTokensAreThoseOfTheReference(String name) throws Exception {
    try (Golden golden = new Golden(name, DType.F32);
        AttentionStack stack =
            golden.stack(golden.settings(512, new SchedulerLimits(64, 16, 8, 8), true))) {
      RecordingSink sink = new RecordingSink();
      stack
          .core()
          .submit(
              GenerationRequest.greedy(
                  name, golden.row(0), golden.greedyIds.length, Long.MAX_VALUE),
              sink);
      while (stack.core().step(0) > 0) {}
      assertThat(sink.ids().stream().mapToInt(Integer::intValue).toArray())
          .isEqualTo(golden.greedyIds);
    }
  }

  private static double largestDifference(String name, DType activations, MicroBatchMode mode)
      throws Exception {
    try (Golden golden = new Golden(name, activations);
        Arena arena = Arena.ofShared()) {
      ComputePool pool = golden.pool;
      ModelWeights weights =
          ModelWeights.load(golden.checkpoint, golden.kernels, activations, 64, arena, _ -> {});
      KvCache cache = new KvCache(weights.spec(), 16, arena);
      ForwardPass pass =
          new ForwardPass(weights, golden.kernels, pool, cache, golden.routed, mode, 64);
      PagePool pages = new PagePool(16, false);
      List<Chunk> chunks = new ArrayList<>();
      for (int row = 0; row < 2; row++) {
        Sequence sequence =
            new Sequence(
                row,
                GenerationRequest.greedy(name, golden.row(row), 1, Long.MAX_VALUE),
                new int[0],
                false,
                pages);
        sequence.table().grow(golden.length);
        chunks.add(new Chunk(sequence, 0, golden.length, 0, golden.length, false));
      }
      double[] worst = {0};
      int[] seen = {0};
      StepResult result = new StepResult();
      result.reset(chunks);
      pass.run(
          StepPlan.of(chunks),
          result,
          (rows, chunkOf, positions, logits) -> {
            for (int r = 0; r < rows; r++) {
              int expected = (chunkOf[r] * golden.length + positions[r]) * golden.vocab;
              for (int i = 0; i < golden.vocab; i++) {
                double difference =
                    Math.abs(logits[r * golden.vocab + i] - golden.logits[expected + i]);
                worst[0] = Math.max(worst[0], difference);
              }
              seen[0]++;
            }
          });
      assertThat(seen[0]).isEqualTo(2 * golden.length);
      return worst[0];
    }
  }
}
