package io.expertmesh.tests.simulation;

import io.expertmesh.router.core.ExpertReply;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** How a replica answers. */
enum Conduct {
  HONEST,
  /** One value of the answer is NaN. */
  NAN,
  /** A row is missing. */
  SHORT,
  /** Computed with other weights, as it says. */
  OTHER_WEIGHTS,
  /** Turns every call away; what it took before is answered. */
  REFUSING;

  private static final int OFFSETS = 3;

  /**
   * The answer to a call that was computed.
   *
   * @param results one row per pair
   */
  ExpertReply answer(float[] results, int pairs, RandomGenerator random) {
    int width = ToyModel.WIDTH;
    int offset = random.nextInt(OFFSETS);
    int length = pairs * width;
    long version = ToyModel.WEIGHTS_VERSION;
    float[] rows = new float[offset + length];
    System.arraycopy(results, 0, rows, offset, length);
    return switch (this) {
      case HONEST, REFUSING -> ExpertReply.ok(pairs, width, version, rows, offset, length);
      case NAN -> {
        rows[offset + random.nextInt(length)] = Float.NaN;
        yield ExpertReply.ok(pairs, width, version, rows, offset, length);
      }
      case SHORT -> {
        float[] fewer = Arrays.copyOf(rows, rows.length - width);
        yield ExpertReply.ok(pairs - 1, width, version, fewer, offset, length - width);
      }
      case OTHER_WEIGHTS -> {
        for (int i = offset; i < rows.length; i++) {
          rows[i] = -rows[i];
        }
        yield ExpertReply.ok(pairs, width, version + 1, rows, offset, length);
      }
    };
  }
}
