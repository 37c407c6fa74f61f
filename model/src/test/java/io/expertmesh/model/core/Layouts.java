package io.expertmesh.model.core;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Rewrites checkpoints from one layout of tensors into another. */
final class Layouts {
  private Layouts() {}

  /** A tensor of fp32 zeros. */
  static TensorSource zeros(String name, long... shape) {
    return floats(name, new float[(int) elements(shape)], shape);
  }

  /** A tensor of these fp32 values. */
  static TensorSource floats(String name, float[] values, long... shape) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      buffer.putFloat(value);
    }
    return raw(name, TensorType.F32, buffer.array(), shape);
  }

  /** A tensor of these bytes. */
  static TensorSource raw(String name, TensorType type, byte[] bytes, long... shape) {
    List<Long> dimensions = new ArrayList<>();
    for (long length : shape) {
      dimensions.add(length);
    }
    return EditedCheckpoint.source(name, type, dimensions, MemorySegment.ofArray(bytes));
  }

  /**
   * Takes matrices of equal shape out of a checkpoint and puts one stacked tensor in their place.
   *
   * @param parts per slice the matrices whose rows stand below each other
   */
  static void stack(EditedCheckpoint edited, String name, List<List<String>> parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    TensorSource first = edited.tensor(parts.getFirst().getFirst());
    long rows = 0;
    for (String part : parts.getFirst()) {
      rows += edited.tensor(part).shape().get(0);
    }
    for (List<String> slice : parts) {
      for (String part : slice) {
        bytes.writeBytes(edited.bytes(part));
        edited.withoutTensor(part);
      }
    }
    edited.withTensor(
        raw(name, first.type(), bytes.toByteArray(), parts.size(), rows, first.shape().get(1)));
  }

  /** Fuses the experts of a layer; {@code expert} is the format of an expert's tensor names. */
  static void fuse(
      EditedCheckpoint edited,
      String expert,
      List<String> names,
      int experts,
      String gateUp,
      String down) {
    List<List<String>> firsts = new ArrayList<>();
    List<List<String>> downs = new ArrayList<>();
    for (int e = 0; e < experts; e++) {
      String prefix = expert + e + ".";
      firsts.add(List.of(prefix + names.get(0) + ".weight", prefix + names.get(1) + ".weight"));
      downs.add(List.of(prefix + names.get(2) + ".weight"));
    }
    stack(edited, gateUp, firsts);
    stack(edited, down, downs);
  }

  private static long elements(long... shape) {
    long elements = 1;
    for (long length : shape) {
      elements *= length;
    }
    return elements;
  }

  /**
   * Gives one checkpoint random FP8 blocks of 16 by 16 with their scales, the other their values.
   */
  static void quantize(
      Random random, String name, EditedCheckpoint packed, EditedCheckpoint plain) {
    long rows = packed.tensor(name).shape().get(0);
    int columns = Math.toIntExact(packed.tensor(name).shape().get(1));
    int perRow = Math.ceilDiv(columns, 16);
    byte[] bits = new byte[Math.toIntExact(rows * columns)];
    float[] scales = new float[Math.toIntExact(Math.ceilDiv(rows, 16L)) * perRow];
    float[] values = new float[bits.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.01f + random.nextFloat() * 0.01f;
    }
    for (int i = 0; i < bits.length; i++) {
      // exponents up to 2^3, any mantissa and sign, no NaN
      bits[i] = (byte) (random.nextInt(80) | random.nextInt(2) << 7);
      int exponent = (bits[i] >> 3) & 15;
      double magnitude =
          exponent == 0
              ? (bits[i] & 7) * Math.pow(2, -9)
              : (8 + (bits[i] & 7)) * Math.pow(2, exponent - 10);
      float scale = scales[i / columns / 16 * perRow + i % columns / 16];
      values[i] = (bits[i] < 0 ? -1 : 1) * (float) magnitude * scale;
    }
    packed
        .withTensor(raw(name, TensorType.F8_E4M3, bits, rows, columns))
        .withTensor(floats(name + "_scale_inv", scales, Math.ceilDiv(rows, 16L), perRow));
    plain.withTensor(floats(name, values, rows, columns));
  }
}
