package io.expertmesh.protocol.transport;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.expertmesh.protocol.core.RowLimits;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Reads one row message from a stream of known length: collects the header's fields until the rows
 * begin, then moves the rows from the network's buffers into a float array.
 */
final class RowInput<H extends Message> {
  /** Field 15, length-delimited. */
  static final byte ROWS_TAG = (15 << 3) | 2;

  private static final int MAX_BYTES = RowLimits.MAX_PAYLOAD_BYTES + RowLimits.MAX_HEADER_BYTES;

  private final RowShape<H> shape;
  private final RowFallbacks fallbacks;
  private final InputStream in;
  private int left;
  private byte[] header = new byte[128];
  private int headerSize;

  private RowInput(RowShape<H> shape, RowFallbacks fallbacks, InputStream in, int length) {
    this.shape = shape;
    this.fallbacks = fallbacks;
    this.in = in;
    this.left = length;
  }

  static <H extends Message> RowMessage<H> read(
      RowShape<H> shape, RowFallbacks fallbacks, InputStream in) {
    try {
      InputStream source = in;
      if (!(in instanceof KnownLength)) {
        fallbacks.add(RowFallbacks.Reason.LENGTH_UNKNOWN);
        source = new ByteArrayInputStream(in.readNBytes(MAX_BYTES + 1));
      }
      int length = source.available();
      if (length > MAX_BYTES) {
        throw RowErrors.invalid(
            shape.name() + " has more than the " + MAX_BYTES + " bytes that a message may have");
      }
      return new RowInput<>(shape, fallbacks, source, length).message();
    } catch (IOException e) {
      throw RowErrors.internal(shape.name() + " could not be read from the network", e);
    }
  }

  private RowMessage<H> message() throws IOException {
    byte[] early = new byte[0];
    while (left > 0) {
      int fieldStart = headerSize;
      long tag = varint();
      if (tag != ROWS_TAG) {
        skipField(tag);
        continue;
      }
      long length = varint();
      headerSize = fieldStart;
      if (length < 0 || length > left) {
        throw truncated();
      }
      if (length > RowLimits.MAX_PAYLOAD_BYTES) {
        throw RowErrors.invalid(
            shape.name()
                + ".rows has "
                + length
                + " bytes, the limit is "
                + RowLimits.MAX_PAYLOAD_BYTES);
      }
      if (length == left) {
        return new RowMessageParts((int) length).direct();
      }
      fallbacks.add(RowFallbacks.Reason.ROWS_NOT_LAST);
      early = bytes((int) length);
    }
    return new RowMessageParts(early.length).from(early);
  }

  /** The parsed header and the rows that belong to it. */
  private final class RowMessageParts {
    private final H parsed;
    private final RowDecoder decoder;

    RowMessageParts(int payloadBytes) {
      parsed = parseHeader();
      RowFormat format = shape.check(parsed, payloadBytes);
      decoder = new RowDecoder(format, payloadBytes / format.bytes());
    }

    RowMessage<H> from(byte[] payload) {
      decoder.accept(ByteBuffer.wrap(payload));
      return RowMessage.of(parsed, decoder.rows());
    }

    RowMessage<H> direct() throws IOException {
      if (in instanceof HasByteBuffer buffers && buffers.byteBufferSupported()) {
        while (left > 0) {
          ByteBuffer piece = buffers.getByteBuffer();
          if (piece == null || !piece.hasRemaining()) {
            break;
          }
          int size = Math.min(piece.remaining(), left);
          decoder.accept(piece.limit(piece.position() + size));
          in.skipNBytes(size);
          left -= size;
        }
      }
      if (left > 0) {
        fallbacks.add(RowFallbacks.Reason.NO_BYTE_BUFFERS);
        byte[] chunk = new byte[Math.min(left, 1 << 13)];
        while (left > 0) {
          int size = in.read(chunk, 0, Math.min(chunk.length, left));
          if (size < 0) {
            throw truncated();
          }
          decoder.accept(ByteBuffer.wrap(chunk, 0, size));
          left -= size;
        }
      }
      return RowMessage.of(parsed, decoder.rows());
    }
  }

  private H parseHeader() {
    try {
      return shape.parser().parseFrom(header, 0, headerSize);
    } catch (InvalidProtocolBufferException e) {
      throw RowErrors.invalid(shape.name() + " is not a valid message: " + e.getMessage());
    }
  }

  /** Copies a field that is not the rows to the header. */
  private void skipField(long tag) throws IOException {
    int wireType = (int) (tag & 7);
    switch (wireType) {
      case 0 -> varint();
      case 1 -> copy(8);
      case 2 -> copy(varint());
      case 5 -> copy(4);
      default ->
          throw RowErrors.invalid(
              shape.name()
                  + " is not a valid message: field tag "
                  + tag
                  + " has wire type "
                  + wireType);
    }
  }

  /** Reads a varint; its bytes are kept as part of the header. */
  private long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int next = left > 0 ? in.read() : -1;
      if (next < 0) {
        throw truncated();
      }
      left--;
      reserve(1);
      header[headerSize++] = (byte) next;
      value |= (long) (next & 0x7f) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw RowErrors.invalid(
        shape.name() + " is not a valid message: a number is longer than 10 bytes");
  }

  private void copy(long size) throws IOException {
    if (size < 0 || size > left) {
      throw truncated();
    }
    reserve(size);
    int count = (int) size;
    if (in.readNBytes(header, headerSize, count) < count) {
      throw truncated();
    }
    headerSize += count;
    left -= count;
  }

  private byte[] bytes(int size) throws IOException {
    byte[] all = in.readNBytes(size);
    if (all.length < size) {
      throw truncated();
    }
    left -= size;
    return all;
  }

  private void reserve(long size) {
    if (headerSize + size > RowLimits.MAX_HEADER_BYTES) {
      throw RowErrors.invalid(
          shape.name()
              + " has more than "
              + RowLimits.MAX_HEADER_BYTES
              + " bytes besides its rows, which is the limit");
    }
    if (headerSize + size > header.length) {
      header = Arrays.copyOf(header, (int) Math.max(headerSize + size, 2L * header.length));
    }
  }

  private RuntimeException truncated() {
    return RowErrors.invalid(shape.name() + " is truncated");
  }
}
