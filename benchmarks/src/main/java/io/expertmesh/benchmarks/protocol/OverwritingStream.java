package io.expertmesh.benchmarks.protocol;

import java.io.OutputStream;

/** Copies what is written into one array, like gRPC into its network buffer. */
final class OverwritingStream extends OutputStream {
  private final byte[] target;
  private int size;

  OverwritingStream(int capacity) {
    target = new byte[capacity];
  }

  /** Starts anew. */
  void rewind() {
    size = 0;
  }

  @Override
  public void write(int value) {
    target[size++] = (byte) value;
  }

  @Override
  public void write(byte[] source, int offset, int length) {
    System.arraycopy(source, offset, target, size, length);
    size += length;
  }
}
