package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AttendTest {
  private static final Kernels SCALAR = new ScalarKernels();
  private static final Kernels VECTOR = new VectorKernels();
  private static final int PAGES = 12;

  /** Page memory whose unused slots hold NaN, as stale memory may. */
  private static MemorySegment fill(
      KvLayout layout, int[] pages, int tokens, float[] keys, float[] values, Arena arena) {
    MemorySegment layer = arena.allocate(PAGES * layout.pageBytes(), 64);
    layer.fill((byte) 0xff);
    int width = layout.kvHeads() * layout.headDim();
    for (int token = 0; token < tokens; token++) {
      int page = pages[token / KvLayout.PAGE_TOKENS];
      int slot = token % KvLayout.PAGE_TOKENS;
      int at = token * width;
      VECTOR.storeKv(layer, layout, page, slot, keys, at, values, at);
    }
    return layer;
  }

  private static float[] attend(
      Kernels kernels,
      MemorySegment layer,
      KvLayout layout,
      int[] pages,
      int first,
      int keys,
      float[] q,
      int heads,
      int scratch) {
    return attend(
        kernels, layer, layout, pages, first, keys, q, heads, ScoreRule.scaled(0.3f), scratch);
  }

  private static float[] attend(
      Kernels kernels,
      MemorySegment layer,
      KvLayout layout,
      int[] pages,
      int first,
      int keys,
      float[] q,
      int heads,
      ScoreRule rule,
      int scratch) {
    float[] out = new float[heads * layout.headDim()];
    Arrays.fill(out, Float.NaN);
    kernels.attend(
        layer, layout, pages, first, keys, q, 0, heads, rule, out, 0, new float[scratch]);
    return out;
  }

  /** Every combination of soft cap, slopes and sinks, for at most twelve heads. */
  private static List<ScoreRule> rules() {
    float[] none = {};
    float[] slopes = {0.5f, 0.25f, 0.125f, 0.0625f, 0.7f, 0.35f, 0.01f, 0f, 1f, 2f, 3f, 0.1f};
    float[] sinks = {1f, -2f, 0f, 30f, -100f, 0.3f, 2f, Float.NEGATIVE_INFINITY, 4f, 5f, 6f, 7f};
    List<ScoreRule> rules = new ArrayList<>();
    for (float cap : new float[] {0, 2.5f}) {
      for (float[] slope : List.of(none, slopes)) {
        for (float[] sink : List.of(none, sinks)) {
          rules.add(new ScoreRule(0.3f, cap, slope, sink));
        }
      }
    }
    return rules;
  }

  @Test
  void providersAreEqualForOddShapesAndWindows() {
    Random random = new Random(31);
    int[] pages = {3, 0, 7, 11, 2, 5, 9, 1};
    int[][] shapes = {
      {1, 1, 1}, {1, 3, 5}, {2, 1, 16}, {2, 4, 32}, {1, 5, 64}, {2, 6, 80}, {1, 8, 96}
    };
    int[][] windows = {
      {0, 1}, {0, 15}, {0, 16}, {0, 17}, {5, 40}, {16, 33}, {31, 100}, {0, 128}, {127, 128}
    };
    try (Arena arena = Arena.ofConfined()) {
      for (int[] shape : shapes) {
        KvLayout layout = new KvLayout(shape[0], shape[2]);
        int width = shape[0] * shape[2];
        int heads = shape[0] * shape[1];
        float[] keys = KernelSamples.floats(random, 128 * width);
        float[] values = KernelSamples.floats(random, 128 * width);
        float[] q = KernelSamples.floats(random, heads * shape[2]);
        MemorySegment layer = fill(layout, pages, 128, keys, values, arena);
        for (int[] window : windows) {
          int least = window[1] + 2 * KvLayout.PAGE_TOKENS;
          for (ScoreRule rule : rules()) {
            float[] scalar =
                attend(SCALAR, layer, layout, pages, window[0], window[1], q, heads, rule, least);
            for (int scratch : new int[] {least, 4 * least}) {
              assertThat(
                      attend(
                          VECTOR, layer, layout, pages, window[0], window[1], q, heads, rule,
                          scratch))
                  .as("%s keys %s %s", Arrays.toString(shape), Arrays.toString(window), rule)
                  .isEqualTo(scalar);
            }
          }
        }
      }
    }
  }

  @Test
  void attentionIsTheWeightedMeanOfTheValuesUnderEveryRule() {
    for (ScoreRule rule : rules()) {
      assertWeightedMean(rule);
    }
  }

  private static void assertWeightedMean(ScoreRule rule) {
    Random random = new Random(32);
    KvLayout layout = new KvLayout(1, 32);
    int[] pages = {4, 6, 8};
    float[] keys = KernelSamples.floats(random, 37 * 32);
    float[] values = KernelSamples.floats(random, 37 * 32);
    float[] q = KernelSamples.floats(random, 4 * 32);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment layer = fill(layout, pages, 37, keys, values, arena);
      float[] out = attend(VECTOR, layer, layout, pages, 2, 37, q, 4, rule, 400);
      for (int head = 0; head < 4; head++) {
        double[] weights = new double[37];
        double sum = rule.sinks().length == 0 ? 0 : Math.exp(rule.sinks()[head]);
        for (int key = 2; key < 37; key++) {
          double score = 0;
          for (int d = 0; d < 32; d++) {
            score += (double) q[head * 32 + d] * keys[key * 32 + d];
          }
          score *= 0.3f;
          if (rule.softCap() > 0) {
            score = rule.softCap() * Math.tanh(score / rule.softCap());
          }
          if (rule.slopes().length > 0) {
            score += rule.slopes()[head] * (key - 36);
          }
          weights[key] = Math.exp(score);
          sum += weights[key];
        }
        for (int d = 0; d < 32; d++) {
          double exact = 0;
          for (int key = 2; key < 37; key++) {
            exact += weights[key] / sum * values[key * 32 + d];
          }
          assertThat((double) out[head * 32 + d]).isCloseTo(exact, offset(2e-6));
        }
      }
    }
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    KvLayout layout = new KvLayout(2, 8);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment layer = arena.allocate(layout.pageBytes());
      int[] pages = {0};
      float[] q = new float[32];
      assertThatThrownBy(() -> attend(VECTOR, layer, layout, pages, 0, 1, q, 3, 100))
          .hasMessageContaining("3 query heads");
      assertThatThrownBy(() -> attend(VECTOR, layer, layout, pages, 0, 17, q, 2, 100))
          .hasMessageContaining("17 keys");
      assertThatThrownBy(() -> attend(VECTOR, layer, layout, pages, 0, 1, q, 2, 32))
          .hasMessageContaining("scratch of 32");
      assertThatThrownBy(() -> attend(VECTOR, layer, layout, pages, 5, 5, q, 2, 100))
          .isInstanceOf(IllegalArgumentException.class);
      ScoreRule tooShort = new ScoreRule(1, 0, new float[] {1}, new float[0]);
      assertThatThrownBy(() -> attend(VECTOR, layer, layout, pages, 0, 1, q, 2, tooShort, 100))
          .hasMessageContaining("1 slopes for 2 query heads");
    }
  }
}
