package io.expertmesh.protocol.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Floats as little-endian bf16 and back. Rounding is to the nearest, ties to even; NaN stays NaN
 * and becomes quiet. All implementations give the same bytes.
 */
public interface Bf16Bytes {
  /**
   * Rounds floats to bf16.
   *
   * @param source {@code count} floats from index {@code from}
   * @param target receives {@code 2 × count} bytes from index {@code at}
   */
  void encode(float[] source, int from, int count, byte[] target, int at);

  /**
   * Widens bf16, which is exact.
   *
   * @param source {@code 2 × count} bytes from byte {@code at}, of any alignment
   * @param target receives {@code count} floats from index {@code from}
   */
  void decode(MemorySegment source, long at, float[] target, int from, int count);

  /**
   * The fastest that this JVM runs: vectors, unless it was started without their module or the
   * machine is big-endian.
   */
  static Bf16Bytes fastest() {
    boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return vectors && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
        ? new WarmingBf16Bytes(new ScalarBf16Bytes(), new VectorBf16Bytes(), System::nanoTime)
        : new ScalarBf16Bytes();
  }
}
