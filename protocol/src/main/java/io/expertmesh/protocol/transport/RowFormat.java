package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.kernel.Bf16Bytes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Element type of rows on the wire: conversion between little-endian bytes and floats. */
enum RowFormat {
  F32(4) {
    @Override
    void encode(float[] source, int from, int count, byte[] target) {
      MemorySegment.copy(source, from, MemorySegment.ofArray(target), FLOAT, 0, count);
    }

    @Override
    void decode(MemorySegment source, long at, float[] target, int from, int count) {
      MemorySegment.copy(source, FLOAT, at, target, from, count);
    }
  },
  BF16(2) {
    @Override
    void encode(float[] source, int from, int count, byte[] target) {
      BF16_BYTES.encode(source, from, count, target, 0);
    }

    @Override
    void decode(MemorySegment source, long at, float[] target, int from, int count) {
      BF16_BYTES.decode(source, at, target, from, count);
    }
  };

  /** Elements converted at a time when writing: small enough for the L1 cache. */
  static final int CHUNK = 2048;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final Bf16Bytes BF16_BYTES = Bf16Bytes.fastest();

  private final int bytes;

  RowFormat(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  int bytes() {
    return bytes;
  }

  /** Writes {@code count} elements to the start of the target. */
  abstract void encode(float[] source, int from, int count, byte[] target);

  /** Reads {@code count} elements from byte {@code at}, of any alignment. */
  abstract void decode(MemorySegment source, long at, float[] target, int from, int count);
}
