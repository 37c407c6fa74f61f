package io.expertmesh.protocol.transport;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.expertmesh.protocol.core.RowLimits;
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
  private final RowBuffers buffers;
  private final RowSource source;
  private byte[] header = new byte[256];
  private int headerSize;

  private RowInput(
      RowShape<H> shape, RowFallbacks fallbacks, RowBuffers buffers, RowSource source) {
    this.shape = shape;
    this.fallbacks = fallbacks;
    this.buffers = buffers;
    this.source = source;
  }

  static <H extends Message> RowMessage<H> read(
      RowShape<H> shape, RowFallbacks fallbacks, RowBuffers buffers, InputStream in) {
    try {
      InputStream known = in;
      if (!(in instanceof KnownLength)) {
        fallbacks.add(RowFallbacks.Reason.LENGTH_UNKNOWN);
        known = new ByteArrayInputStream(in.readNBytes(MAX_BYTES + 1));
      }
      int length = known.available();
      if (length > MAX_BYTES) {
        throw RowErrors.invalid(
            shape.name() + " has more than the " + MAX_BYTES + " bytes that a message may have");
      }
      RowSource source = new RowSource(known, length, fallbacks);
      return new RowInput<>(shape, fallbacks, buffers, source).message();
    } catch (IOException e) {
      throw RowErrors.internal(shape.name() + " could not be read from the network", e);
    }
  }

  private RowMessage<H> message() throws IOException {
    byte[] early = new byte[0];
    while (source.left() > 0) {
      int fieldStart = headerSize;
      long tag = varint();
      if (tag != ROWS_TAG) {
        skipField(tag);
        continue;
      }
      long length = varint();
      headerSize = fieldStart;
      if (length < 0 || length > source.left()) {
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
      if (length == source.left()) {
        return withRows((int) length);
      }
      fallbacks.add(RowFallbacks.Reason.ROWS_NOT_LAST);
      early = new byte[(int) length];
      take(early, 0, early.length);
    }
    return withCopiedRows(early);
  }

  private RowMessage<H> withRows(int payloadBytes) throws IOException {
    H parsed = parseHeader();
    RowFormat format = shape.check(parsed, payloadBytes);
    int elements = payloadBytes / format.bytes();
    float[] rows = buffers.take(elements);
    RowDecoder decoder = new RowDecoder(format, rows);
    while (source.left() > 0) {
      ByteBuffer piece = source.piece();
      if (!piece.hasRemaining()) {
        throw truncated();
      }
      decoder.accept(piece);
    }
    source.countCopies();
    return new RowMessage<>(parsed, rows, 0, elements);
  }

  private RowMessage<H> withCopiedRows(byte[] payload) {
    H parsed = parseHeader();
    RowFormat format = shape.check(parsed, payload.length);
    float[] rows = new float[payload.length / format.bytes()];
    new RowDecoder(format, rows).accept(ByteBuffer.wrap(payload));
    return RowMessage.of(parsed, rows);
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
      ByteBuffer piece = source.piece();
      if (!piece.hasRemaining()) {
        throw truncated();
      }
      byte next = piece.get();
      reserve(1);
      header[headerSize++] = next;
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw RowErrors.invalid(
        shape.name() + " is not a valid message: a number is longer than 10 bytes");
  }

  private void copy(long size) throws IOException {
    if (size < 0 || size > source.left()) {
      throw truncated();
    }
    reserve(size);
    take(header, headerSize, (int) size);
    headerSize += (int) size;
  }

  private void take(byte[] target, int from, int count) throws IOException {
    for (int taken = 0; taken < count; ) {
      ByteBuffer piece = source.piece();
      if (!piece.hasRemaining()) {
        throw truncated();
      }
      int size = Math.min(piece.remaining(), count - taken);
      piece.get(target, from + taken, size);
      taken += size;
    }
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
