package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Random inputs of kernel tests. */
final class KernelSamples {
  private KernelSamples() {}

  /** Values of a normal distribution. */
  static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** A matrix of small values of a type, as it would lie in a checkpoint: unaligned. */
  static WeightMatrix weights(
      Random random, DType dtype, int rows, int columns, boolean transposed, Arena arena) {
    long count = (long) rows * columns;
    MemorySegment data = arena.allocate(count * dtype.bytes() + 1).asSlice(1);
    for (long i = 0; i < count; i++) {
      float value = (float) random.nextGaussian() * 0.1f;
      switch (dtype) {
        case F32 -> data.set(WeightReader.FLOAT_LE, i * Float.BYTES, value);
        case BF16 -> data.set(WeightReader.SHORT_LE, i * Short.BYTES, BFloat16.toBits(value));
        case F16 -> data.set(WeightReader.SHORT_LE, i * Short.BYTES, Float.floatToFloat16(value));
      }
    }
    return new WeightMatrix(dtype, rows, columns, transposed, data);
  }
}
