package io.expertmesh.protocol.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Fills a float array from payload bytes that arrive in pieces cut anywhere, also within an
 * element.
 */
final class RowDecoder {
  private final RowFormat format;
  private final float[] rows;
  private final RowFormat.Scratch scratch = RowFormat.Scratch.ofThread();
  private final ByteBuffer split = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private int filled;

  RowDecoder(RowFormat format, int elements) {
    this.format = format;
    this.rows = new float[elements];
    split.limit(format.bytes());
  }

  /** Takes all remaining bytes of a piece. */
  void accept(ByteBuffer piece) {
    piece.order(ByteOrder.LITTLE_ENDIAN);
    while (split.position() > 0 && piece.hasRemaining()) {
      takeSplitByte(piece);
    }
    int whole = piece.remaining() / format.bytes();
    while (whole > 0) {
      int count = Math.min(whole, RowFormat.CHUNK);
      format.decode(piece, rows, filled, count, scratch);
      piece.position(piece.position() + count * format.bytes());
      filled += count;
      whole -= count;
    }
    while (piece.hasRemaining()) {
      takeSplitByte(piece);
    }
  }

  private void takeSplitByte(ByteBuffer piece) {
    split.put(piece.get());
    if (!split.hasRemaining()) {
      split.flip();
      format.decode(split, rows, filled++, 1, scratch);
      split.clear().limit(format.bytes());
    }
  }

  float[] rows() {
    return rows;
  }
}
