package io.expertmesh.protocol.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * As many floats at a time as a register holds; what is left over, one by one. For little-endian
 * machines: the bytes are stored as they lie in the register.
 */
final class VectorBf16Bytes implements Bf16Bytes {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> WORDS = FLOATS.withLanes(int.class);
  private static final VectorSpecies<Short> HALVES =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
  private static final int LANES = FLOATS.length();

  private final Bf16Bytes rest = new ScalarBf16Bytes();

  @Override
  public void encode(float[] source, int from, int count, byte[] target, int at) {
    int whole = FLOATS.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      IntVector bits = FloatVector.fromArray(FLOATS, source, from + i).reinterpretAsInts();
      IntVector high = bits.lanewise(VectorOperators.LSHR, 16);
      IntVector nearest = bits.add(0x7fff).add(high.and(1)).lanewise(VectorOperators.LSHR, 16);
      VectorMask<Integer> nan = bits.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
      IntVector halves = nearest.blend(high.or(0x40), nan);
      halves
          .convertShape(VectorOperators.I2S, HALVES, 0)
          .reinterpretAsBytes()
          .intoArray(target, at + 2 * i);
    }
    rest.encode(source, from + whole, count - whole, target, at + 2 * whole);
  }

  @Override
  public void decode(MemorySegment source, long at, float[] target, int from, int count) {
    int whole = FLOATS.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      IntVector words =
          (IntVector)
              ShortVector.fromMemorySegment(HALVES, source, at + 2L * i, ByteOrder.LITTLE_ENDIAN)
                  .convertShape(VectorOperators.ZERO_EXTEND_S2I, WORDS, 0);
      words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(target, from + i);
    }
    rest.decode(source, at + 2L * whole, target, from + whole, count - whole);
  }
}
