package io.expertmesh.protocol.transport;

import com.google.protobuf.CodedOutputStream;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * A row message as the bytes that go out. gRPC drains it straight into its network buffer, through
 * one small conversion buffer; a transport that reads instead gets the same bytes, made at once,
 * and is counted.
 */
final class RowOutput extends InputStream implements KnownLength, Drainable {
  private static final int ROWS_TAG = RowInput.ROWS_TAG;
  private static final int MAX_PREFIX_BYTES = 6;

  /** Rows are converted through these bytes, again and again. */
  private static final ThreadLocal<byte[]> CHUNK_OF_THREAD =
      ThreadLocal.withInitial(() -> new byte[RowFormat.CHUNK * Float.BYTES]);

  private final RowMessage<?> message;
  private final RowFormat format;
  private final RowFallbacks fallbacks;
  private final int payloadBytes;
  private int left;
  private @Nullable ByteArrayInputStream made;

  RowOutput(RowMessage<?> message, RowFormat format, RowFallbacks fallbacks) {
    this.message = message;
    this.format = format;
    this.fallbacks = fallbacks;
    payloadBytes = message.length() * format.bytes();
    left = message.header().getSerializedSize();
    if (payloadBytes > 0) {
      left += 1 + CodedOutputStream.computeUInt32SizeNoTag(payloadBytes) + payloadBytes;
    }
  }

  @Override
  public int available() {
    return made == null ? left : made.available();
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    if (made != null) {
      return (int) made.transferTo(target);
    }
    int written = left;
    left = 0;
    writeTo(target);
    return written;
  }

  private void writeTo(OutputStream target) throws IOException {
    byte[] chunk = CHUNK_OF_THREAD.get();
    int size = message.header().getSerializedSize();
    if (size + MAX_PREFIX_BYTES <= chunk.length) {
      message.header().writeTo(CodedOutputStream.newInstance(chunk, 0, size));
    } else {
      target.write(message.header().toByteArray());
      size = 0;
    }
    if (payloadBytes > 0) {
      size += lengthPrefix(chunk, size);
    }
    target.write(chunk, 0, size);
    int end = message.offset() + message.length();
    for (int from = message.offset(); from < end; from += RowFormat.CHUNK) {
      int count = Math.min(RowFormat.CHUNK, end - from);
      format.encode(message.rows(), from, count, chunk);
      target.write(chunk, 0, count * format.bytes());
    }
  }

  /** Tag of the rows, then their length as a varint; returns how many bytes these are. */
  private int lengthPrefix(byte[] target, int at) {
    int size = at;
    target[size++] = ROWS_TAG;
    int rest = payloadBytes;
    while (rest >= 0x80) {
      target[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    target[size++] = (byte) rest;
    return size - at;
  }

  @Override
  public int read() {
    return bytes().read();
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    return bytes().read(target, offset, length);
  }

  private ByteArrayInputStream bytes() {
    if (made == null) {
      fallbacks.add(RowFallbacks.Reason.NOT_DRAINED);
      ByteArrayOutputStream all = new ByteArrayOutputStream(left);
      try {
        drainTo(all);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      made = new ByteArrayInputStream(all.toByteArray());
    }
    return made;
  }
}
