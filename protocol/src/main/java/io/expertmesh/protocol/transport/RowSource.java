package io.expertmesh.protocol.transport;

import io.grpc.HasByteBuffer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * The bytes of a message, piece by piece: the network's own buffers where the stream has them, else
 * copies, which are counted.
 */
final class RowSource {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final int COPIED_AT_ONCE = 1 << 13;

  private final RowFallbacks fallbacks;
  private final InputStream in;
  private int left;
  private ByteBuffer piece = NOTHING;
  private int unskipped;
  private boolean copies;

  /**
   * @param length bytes of the message
   */
  RowSource(InputStream in, int length, RowFallbacks fallbacks) {
    this.in = in;
    this.left = length;
    this.fallbacks = fallbacks;
    this.copies = !(in instanceof HasByteBuffer buffers && buffers.byteBufferSupported());
  }

  /** Bytes that were not taken yet. */
  int left() {
    return left + piece.remaining();
  }

  /**
   * The next bytes; empty only at the end of the message, or of a stream that is shorter than it
   * said. Whoever takes bytes moves the position. Valid until the next call.
   */
  ByteBuffer piece() throws IOException {
    if (!piece.hasRemaining() && left > 0) {
      piece = copies ? copied() : direct();
      left -= piece.remaining();
    }
    return piece;
  }

  private ByteBuffer direct() throws IOException {
    // only now: to skip bytes is to give their buffer back
    in.skipNBytes(unskipped);
    unskipped = 0;
    ByteBuffer next = ((HasByteBuffer) in).getByteBuffer();
    if (next == null || !next.hasRemaining()) {
      copies = true;
      return copied();
    }
    unskipped = Math.min(next.remaining(), left);
    return next.limit(next.position() + unskipped);
  }

  private ByteBuffer copied() throws IOException {
    byte[] chunk = in.readNBytes(Math.min(left, COPIED_AT_ONCE));
    if (chunk.length == 0) {
      left = 0;
    }
    return ByteBuffer.wrap(chunk);
  }

  /** Counts the message if its rows were copied. */
  void countCopies() {
    if (copies) {
      fallbacks.add(RowFallbacks.Reason.NO_BYTE_BUFFERS);
    }
  }
}
