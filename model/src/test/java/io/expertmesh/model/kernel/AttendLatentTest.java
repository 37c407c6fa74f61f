package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AttendLatentTest {
  private static final Kernels SCALAR = new ScalarKernels();
  private static final Kernels VECTOR = new VectorKernels();
  private static final int[] PAGES = {3, 0, 7, 11, 2, 5, 9, 1};
  private static final int TOKENS = PAGES.length * KvLayout.PAGE_TOKENS;

  /** Page memory whose unused slots hold NaN, as stale memory may. */
  private static MemorySegment fill(LatentLayout layout, int tokens, float[] rows, Arena arena) {
    MemorySegment memory = arena.allocate(12 * layout.pageBytes(), 64);
    memory.fill((byte) 0xff);
    for (int token = 0; token < tokens; token++) {
      int page = PAGES[token / KvLayout.PAGE_TOKENS];
      int slot = token % KvLayout.PAGE_TOKENS;
      VECTOR.storeLatent(memory, layout, page, slot, rows, token * layout.width());
    }
    return memory;
  }

  private static float[] attend(
      Kernels kernels,
      MemorySegment memory,
      LatentLayout layout,
      int keys,
      float[] q,
      int heads,
      int scratch) {
    float[] out = new float[heads * layout.rank()];
    Arrays.fill(out, Float.NaN);
    kernels.attendLatent(
        memory, layout, PAGES, keys, q, 0, heads, 0.2f, out, 0, new float[scratch]);
    return out;
  }

  @Test
  void providersAreEqualForOddShapes() {
    Random random = new Random(41);
    int[][] shapes = {{1, 1, 0}, {3, 5, 2}, {4, 24, 8}, {5, 33, 4}, {8, 64, 16}, {2, 7, 6}};
    for (int[] shape : shapes) {
      LatentLayout layout = new LatentLayout(shape[1], shape[2]);
      float[] rows = KernelSamples.floats(random, TOKENS * layout.width());
      float[] q = KernelSamples.floats(random, shape[0] * layout.width());
      for (int keys : new int[] {1, 3, 4, 9, 15, 16, 17, 40, 64, 100, 127, 128}) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment memory = fill(layout, keys, rows, arena);
          int least = keys + 2 * KvLayout.PAGE_TOKENS;
          float[] scalar = attend(SCALAR, memory, layout, keys, q, shape[0], least);
          assertThat(scalar).doesNotContain(Float.NaN);
          for (int scratch : new int[] {least, 4 * least}) {
            assertThat(attend(VECTOR, memory, layout, keys, q, shape[0], scratch))
                .as("%s, %d keys, scratch %d", Arrays.toString(shape), keys, scratch)
                .isEqualTo(scalar);
          }
        }
      }
    }
  }

  @Test
  void attentionIsTheWeightedMeanOfTheCompressedRows() {
    Random random = new Random(42);
    LatentLayout layout = new LatentLayout(24, 8);
    float[] rows = KernelSamples.floats(random, 37 * 32);
    float[] q = KernelSamples.floats(random, 4 * 32);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = fill(layout, 37, rows, arena);
      float[] out = attend(VECTOR, memory, layout, 37, q, 4, 400);
      for (int head = 0; head < 4; head++) {
        double[] weights = new double[37];
        double sum = 0;
        for (int key = 0; key < 37; key++) {
          double score = 0;
          for (int d = 0; d < 32; d++) {
            score += (double) q[head * 32 + d] * rows[key * 32 + d];
          }
          weights[key] = Math.exp(score * 0.2f);
          sum += weights[key];
        }
        for (int d = 0; d < 24; d++) {
          double exact = 0;
          for (int key = 0; key < 37; key++) {
            exact += weights[key] / sum * rows[key * 32 + d];
          }
          assertThat((double) out[head * 24 + d]).isCloseTo(exact, offset(2e-6));
        }
      }
    }
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    LatentLayout layout = new LatentLayout(8, 2);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(layout.pageBytes());
      float[] q = new float[20];
      assertThatThrownBy(() -> attend(VECTOR, memory, layout, 0, q, 2, 100))
          .hasMessageContaining("2 heads to 0 keys");
      assertThatThrownBy(() -> attend(VECTOR, memory, layout, 129, q, 2, 1000))
          .hasMessageContaining("129 keys do not fit 8 pages");
      assertThatThrownBy(() -> attend(VECTOR, memory, layout, 2, q, 2, 33))
          .hasMessageContaining("scratch of 33");
      assertThatThrownBy(() -> VECTOR.storeLatent(memory, layout, 0, 16, q, 0))
          .hasMessageContaining("token slot 16");
    }
  }
}
