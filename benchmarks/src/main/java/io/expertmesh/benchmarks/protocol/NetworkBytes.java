package io.expertmesh.benchmarks.protocol;

import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A received message as gRPC hands it over: off-heap buffers, one per HTTP/2 frame, of known total
 * length. Can be read again and again.
 */
final class NetworkBytes extends InputStream implements KnownLength, HasByteBuffer {
  /** Largest HTTP/2 frame unless the peers agree on more. */
  private static final int FRAME = 16_384;

  private final List<ByteBuffer> frames = new ArrayList<>();
  private int current;

  NetworkBytes(byte[] message) {
    for (int from = 0; from < message.length; from += FRAME) {
      int size = Math.min(FRAME, message.length - from);
      frames.add(ByteBuffer.allocateDirect(size).put(message, from, size));
    }
    rewind();
  }

  /** Starts anew. */
  void rewind() {
    current = 0;
    frames.forEach(ByteBuffer::rewind);
  }

  private @Nullable ByteBuffer frame() {
    while (current < frames.size() && !frames.get(current).hasRemaining()) {
      current++;
    }
    return current < frames.size() ? frames.get(current) : null;
  }

  @Override
  public int available() {
    int left = 0;
    for (int i = current; i < frames.size(); i++) {
      left += frames.get(i).remaining();
    }
    return left;
  }

  @Override
  public int read() {
    ByteBuffer frame = frame();
    return frame == null ? -1 : frame.get() & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    ByteBuffer frame = frame();
    if (frame == null) {
      return -1;
    }
    int size = Math.min(length, frame.remaining());
    frame.get(target, offset, size);
    return size;
  }

  @Override
  public long skip(long bytes) {
    long left = bytes;
    for (ByteBuffer frame = frame(); frame != null && left > 0; frame = frame()) {
      int size = (int) Math.min(left, frame.remaining());
      frame.position(frame.position() + size);
      left -= size;
    }
    return bytes - left;
  }

  @Override
  public boolean byteBufferSupported() {
    return true;
  }

  @Override
  public @Nullable ByteBuffer getByteBuffer() {
    ByteBuffer frame = frame();
    return frame == null ? null : frame.asReadOnlyBuffer();
  }
}
