package io.expertmesh.protocol.transport;

import com.google.protobuf.Message;
import io.expertmesh.protocol.core.RowLimits;
import io.grpc.MethodDescriptor;
import java.io.InputStream;
import java.util.Objects;

/**
 * Writes and reads row messages: legal protobuf, rows converted straight between float arrays and
 * network buffers.
 *
 * <p>The rows of a message are read when gRPC serialises it. That is inside {@code onNext} while
 * the stream is ready; a message handed to a stream that is not ready (for example not connected
 * yet) is serialised later, so its array must not be changed until then. The array of a message
 * that was read may be longer than its rows, and may be given back to the {@link RowBuffers}.
 */
public final class RowMarshaller<H extends Message>
    implements MethodDescriptor.Marshaller<RowMessage<H>> {
  private final RowShape<H> shape;
  private final RowFallbacks fallbacks;
  private final RowBuffers buffers;

  RowMarshaller(RowShape<H> shape, RowFallbacks fallbacks, RowBuffers buffers) {
    this.shape = Objects.requireNonNull(shape, "shape");
    this.fallbacks = Objects.requireNonNull(fallbacks, "fallbacks");
    this.buffers = Objects.requireNonNull(buffers, "buffers");
  }

  /**
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT if header and rows contradict each
   *     other or the message is too large
   */
  @Override
  public InputStream stream(RowMessage<H> message) {
    RowFormat format = format(message);
    return new RowOutput(message, format, fallbacks);
  }

  /**
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, with a sentence that names the field,
   *     if the bytes break a rule
   */
  @Override
  public RowMessage<H> parse(InputStream stream) {
    return RowInput.read(shape, fallbacks, buffers, stream);
  }

  private RowFormat format(RowMessage<H> message) {
    H header = message.header();
    int bytes =
        switch (shape.dtype().apply(header)) {
          case DTYPE_F32, DTYPE_UNSPECIFIED, UNRECOGNIZED -> RowFormat.F32.bytes();
          case DTYPE_BF16 -> RowFormat.BF16.bytes();
        };
    long payload = (long) message.length() * bytes;
    if (payload > RowLimits.MAX_PAYLOAD_BYTES) {
      throw RowErrors.invalid(
          shape.name()
              + ".rows has "
              + payload
              + " bytes, the limit is "
              + RowLimits.MAX_PAYLOAD_BYTES);
    }
    if (header.getSerializedSize() > RowLimits.MAX_HEADER_BYTES) {
      throw RowErrors.invalid(
          shape.name()
              + " has "
              + header.getSerializedSize()
              + " bytes besides its rows, the limit is "
              + RowLimits.MAX_HEADER_BYTES);
    }
    return shape.check(header, payload);
  }
}
