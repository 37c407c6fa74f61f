package io.expertmesh.model.core;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Copies of small tensors as Java arrays; elements may lie at any address. */
final class TensorValues {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TensorValues() {}

  static float[] floats(Path file, TensorEntry entry, MemorySegment data) {
    float[] values = new float[arrayLength(file, entry)];
    switch (entry.type()) {
      case F32 -> MemorySegment.copy(data, FLOAT, 0, values, 0, values.length);
      case BF16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.intBitsToFloat(data.getAtIndex(SHORT, i) << Short.SIZE);
        }
      }
      case F16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.float16ToFloat(data.getAtIndex(SHORT, i));
        }
      }
      case F64 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) data.getAtIndex(DOUBLE, i);
        }
      }
      default -> throw unreadable(file, entry, "floating-point numbers");
    }
    return values;
  }

  static long[] longs(Path file, TensorEntry entry, MemorySegment data) {
    long[] values = new long[arrayLength(file, entry)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (entry.type()) {
            case I64 -> data.getAtIndex(LONG, i);
            case I32 -> data.getAtIndex(INT, i);
            case U32 -> Integer.toUnsignedLong(data.getAtIndex(INT, i));
            case I16 -> data.getAtIndex(SHORT, i);
            case U16 -> Short.toUnsignedLong(data.getAtIndex(SHORT, i));
            case I8 -> data.get(ValueLayout.JAVA_BYTE, i);
            case U8, BOOL -> Byte.toUnsignedLong(data.get(ValueLayout.JAVA_BYTE, i));
            default -> throw unreadable(file, entry, "integers");
          };
    }
    return values;
  }

  private static int arrayLength(Path file, TensorEntry entry) {
    if (entry.elements() > Integer.MAX_VALUE - 8) {
      throw new CheckpointException(
          file, entry.name(), "has " + entry.elements() + " elements, too many for an array");
    }
    return (int) entry.elements();
  }

  private static CheckpointException unreadable(Path file, TensorEntry entry, String wanted) {
    return new CheckpointException(
        file, entry.name(), "is of type " + entry.type() + ", which does not hold " + wanted);
  }
}
