package io.expertmesh.expert.core;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.Arrays;
import java.util.List;

/**
 * What a replica proves of itself before it serves: every resident expert, applied to a fixed
 * probe, gives finite values, the same bits again, and the same bits for a row alone and among
 * others. Without the last, batching would change tokens.
 */
public final class SelfTest {
  /** Odd on purpose: kernels treat full groups of rows and left-over rows differently. */
  private static final int BATCH = 19;

  /** Positions in the batch whose rows are computed alone as well: first, middle, last. */
  private static final int[] ALONE = {0, 8, BATCH - 1};

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
    float[] row = new float[hidden];
    float[] alone = new float[hidden];
    List<ShardSpec.Block> blocks = engine.weights().shard().blocks();
    for (int block = 0; block < blocks.size(); block++) {
      ShardSpec.Block expert = blocks.get(block);
      engine.compute(block, probe, BATCH, together);
      requireFinite(together, expert);
      engine.compute(block, probe, BATCH, again);
      requireEqual(together, 0, again, expert, "gave other values the second time");
      for (int position : ALONE) {
        System.arraycopy(probe, position * hidden, row, 0, hidden);
        engine.compute(block, row, 1, alone);
        requireEqual(
            together, position * hidden, alone, expert, "gave other values for a row alone");
      }
    }
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

  private static void requireFinite(float[] values, ShardSpec.Block expert) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
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
