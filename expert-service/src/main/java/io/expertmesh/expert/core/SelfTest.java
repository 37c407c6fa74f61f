package io.expertmesh.expert.core;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a replica proves of itself before it serves: every resident expert, applied to a fixed
 * probe, gives finite values, and the same bits for a row alone and among others, without which
 * batching would change tokens. The first expert of each width is tried at more places of a larger
 * batch, and twice: which rows a kernel treats alike depends on the shape, not on the weights.
 */
public final class SelfTest {
  /** Odd on purpose: kernels treat full groups of rows and left-over rows differently. */
  private static final int BATCH = 19;

  /** Positions in the batch whose rows are computed alone as well: first, middle, last. */
  private static final int[] ALONE = {0, 8, BATCH - 1};

  /** Rows and positions for an expert of a width that was tried already. */
  private static final int SMALL_BATCH = 2;

  private static final int[] FIRST = {0};

  private SelfTest() {}

  /**
   * Tests every block of the engine's shard.
   *
   * @throws MeshException INTERNAL, naming the expert and what is wrong with it
   */
  public static void run(ExpertEngine engine) {
    int hidden = engine.weights().hidden();
    float[] probe = probe(BATCH * hidden);
    float[] together = new float[BATCH * hidden];
    float[] again = new float[BATCH * hidden];
    List<ShardSpec.Block> blocks = engine.weights().shard().blocks();
    Set<Integer> tried = new HashSet<>();
    for (int block = 0; block < blocks.size(); block++) {
      ShardSpec.Block expert = blocks.get(block);
      boolean first = tried.add(engine.weights().expert(block).inner());
      int rows = first ? BATCH : SMALL_BATCH;
      engine.compute(block, probe, rows, together);
      requireFinite(together, rows * hidden, expert);
      if (first) {
        engine.compute(block, probe, rows, again);
        requireEqual(together, 0, again, expert, "gave other values the second time");
      }
      for (int position : first ? ALONE : FIRST) {
        requireAloneAsTogether(engine, block, probe, position, together);
      }
    }
  }

  private static void requireAloneAsTogether(
      ExpertEngine engine, int block, float[] probe, int position, float[] together) {
    int hidden = engine.weights().hidden();
    float[] row = Arrays.copyOfRange(probe, position * hidden, (position + 1) * hidden);
    float[] alone = new float[hidden];
    engine.compute(block, row, 1, alone);
    requireEqual(
        together,
        position * hidden,
        alone,
        engine.weights().shard().blocks().get(block),
        "gave other values for a row alone");
  }

  /** Values in [-1, 1) that are exact in bf16, from a fixed linear congruence. */
  private static float[] probe(int length) {
    float[] probe = new float[length];
    int state = 12345;
    for (int i = 0; i < length; i++) {
      state = state * 1103515245 + 12345;
      probe[i] = (state >> 24) / 128f;
    }
    return probe;
  }

  private static void requireFinite(float[] values, int count, ShardSpec.Block expert) {
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(values[i])) {
        throw failed(expert, "gave a value that is not finite");
      }
    }
  }

  private static void requireEqual(
      float[] expected, int from, float[] actual, ShardSpec.Block expert, String what) {
    if (!Arrays.equals(expected, from, from + actual.length, actual, 0, actual.length)) {
      throw failed(expert, what);
    }
  }

  private static MeshException failed(ShardSpec.Block expert, String what) {
    return new MeshException(
        ErrorCode.INTERNAL,
        "Self-test failed: expert %d of layer %d %s."
            .formatted(expert.expert(), expert.layer(), what));
  }
}
