package io.expertmesh.protocol.transport;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Element type of rows on the wire: conversion between little-endian bytes and floats. */
enum RowFormat {
  F32(4) {
    @Override
    void encode(float[] source, int from, int count, Scratch scratch) {
      scratch.bytes.asFloatBuffer().put(source, from, count);
    }

    @Override
    void decode(ByteBuffer source, float[] target, int from, int count, Scratch scratch) {
      source.asFloatBuffer().get(target, from, count);
    }
  },
  BF16(2) {
    @Override
    void encode(float[] source, int from, int count, Scratch scratch) {
      int[] words = scratch.words;
      MemorySegment.copy(
          MemorySegment.ofArray(source), ValueLayout.JAVA_INT, 4L * from, words, 0, count);
      roundToBf16(words, count);
      narrow(words, scratch.halves, count);
      scratch.bytes.asShortBuffer().put(scratch.halves, 0, count);
    }

    @Override
    void decode(ByteBuffer source, float[] target, int from, int count, Scratch scratch) {
      short[] halves = scratch.halves;
      source.asShortBuffer().get(halves, 0, count);
      for (int i = 0; i < count; i++) {
        target[from + i] = Float.intBitsToFloat(halves[i] << 16);
      }
    }
  };

  /** Elements converted at a time: small enough for the L1 cache. */
  static final int CHUNK = 2048;

  private final int bytes;

  RowFormat(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  int bytes() {
    return bytes;
  }

  /** Writes {@code count ≤ CHUNK} elements to the start of the scratch bytes. */
  abstract void encode(float[] source, int from, int count, Scratch scratch);

  /** Reads {@code count ≤ CHUNK} elements from the position of a little-endian buffer. */
  abstract void decode(ByteBuffer source, float[] target, int from, int count, Scratch scratch);

  /**
   * Nearest bf16 of each float's bits, in the low half of the word; ties to even, NaN stays NaN and
   * becomes quiet. Free of branches, over whole words, and apart from {@link #narrow}, because so
   * the compiler turns both loops into vector code.
   */
  private static void roundToBf16(int[] words, int count) {
    for (int i = 0; i < count; i++) {
      int bits = words[i];
      int nan = (0x7f800000 - (bits & 0x7fffffff)) >> 31;
      int rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) >> 16;
      int quiet = (bits >> 16) | 0x40;
      words[i] = (rounded & ~nan) | (quiet & nan);
    }
  }

  private static void narrow(int[] words, short[] halves, int count) {
    for (int i = 0; i < count; i++) {
      halves[i] = (short) words[i];
    }
  }

  /** Small buffers that a thread converts through, again and again. */
  static final class Scratch {
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    final byte[] array = new byte[CHUNK * Float.BYTES];
    final ByteBuffer bytes = ByteBuffer.wrap(array).order(ByteOrder.LITTLE_ENDIAN);
    final int[] words = new int[CHUNK];
    final short[] halves = new short[CHUNK];

    private Scratch() {}

    static Scratch ofThread() {
      return OF_THREAD.get();
    }
  }
}
