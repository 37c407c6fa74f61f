package io.expertmesh.protocol.transport;

import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A received message whose bytes lie in several buffers, as a network delivers them. */
final class Pieces extends InputStream implements KnownLength, HasByteBuffer {
  private final byte[] bytes;
  private final int[] cuts;
  private int position;

  /**
   * @param cuts positions where a buffer ends and the next begins, ascending
   */
  Pieces(byte[] bytes, int... cuts) {
    this.bytes = bytes;
    this.cuts = cuts;
  }

  @Override
  public int read() {
    return position < bytes.length ? bytes[position++] & 0xff : -1;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    int size = Math.min(length, available());
    System.arraycopy(bytes, position, target, offset, size);
    position += size;
    return size == 0 && length > 0 ? -1 : size;
  }

  @Override
  public int available() {
    return bytes.length - position;
  }

  @Override
  public boolean byteBufferSupported() {
    return true;
  }

  @Override
  public @Nullable ByteBuffer getByteBuffer() {
    if (position == bytes.length) {
      return null;
    }
    int end = bytes.length;
    for (int cut : cuts) {
      if (cut > position) {
        end = cut;
        break;
      }
    }
    return ByteBuffer.wrap(bytes, position, end - position).slice().asReadOnlyBuffer();
  }

  @Override
  public long skip(long count) {
    int step = (int) Math.min(count, available());
    position += step;
    return step;
  }
}
