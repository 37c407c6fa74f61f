package io.expertmesh.protocol.transport;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Fills a float array from payload bytes that arrive in pieces cut anywhere, also within an
 * element.
 */
final class RowDecoder {
  private final RowFormat format;
  private final float[] rows;
  private final byte[] split = new byte[Float.BYTES];
  private int splitBytes;
  private int filled;

  /**
   * @param rows receives the elements from index 0
   */
  RowDecoder(RowFormat format, float[] rows) {
    this.format = format;
    this.rows = rows;
  }

  /** Takes all remaining bytes of a piece. */
  void accept(ByteBuffer piece) {
    while (splitBytes > 0 && piece.hasRemaining()) {
      takeSplitByte(piece);
    }
    int whole = piece.remaining() / format.bytes();
    if (whole > 0) {
      format.decode(MemorySegment.ofBuffer(piece), 0, rows, filled, whole);
      piece.position(piece.position() + whole * format.bytes());
      filled += whole;
    }
    while (piece.hasRemaining()) {
      takeSplitByte(piece);
    }
  }

  private void takeSplitByte(ByteBuffer piece) {
    split[splitBytes++] = piece.get();
    if (splitBytes == format.bytes()) {
      format.decode(MemorySegment.ofArray(split), 0, rows, filled++, 1);
      splitBytes = 0;
    }
  }
}
