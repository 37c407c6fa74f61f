package io.expertmesh.model.core;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

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
}
