package io.expertmesh.protocol.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.expertmesh.protocol.v1.CallStatus;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.ExpertReply;
import io.expertmesh.protocol.v1.ExpertRequest;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.protocol.v1.RoutedRequest;
import io.grpc.Drainable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.Function;

/** The four messages that carry rows, with random headers, for tests of the marshaller. */
final class RowMessages {
  /**
   * One kind of row message.
   *
   * @param header makes a header of the shape (rows, width) and type with an empty payload
   * @param withRows the generated message with a payload
   * @param payload the payload of a generated message
   * @param marshaller the marshaller under test
   */
  record Kind<H extends Message>(
      String name,
      HeaderMaker<H> header,
      BiFunction<H, ByteString, H> withRows,
      Function<H, ByteString> payload,
      Function<RowFallbacks, RowMarshaller<H>> marshaller) {
    @Override
    public String toString() {
      return name;
    }
  }

  @FunctionalInterface
  interface HeaderMaker<H> {
    H make(Random random, int rows, int width, DType dtype);
  }

  private RowMessages() {}

  static List<Kind<?>> kinds() {
    return List.of(
        new Kind<>(
            "ExpertRequest",
            RowMessages::expertRequest,
            (h, rows) -> h.toBuilder().setRows(rows).build(),
            ExpertRequest::getRows,
            RowServices::expertRequests),
        new Kind<>(
            "ExpertReply",
            (random, rows, width, dtype) ->
                ExpertReply.newBuilder()
                    .setCallId(random.nextLong())
                    .setRowCount(rows)
                    .setWidth(width)
                    .setDtype(dtype)
                    .setWeightsVersion(random.nextLong())
                    .setComputeMicros(random.nextInt())
                    .build(),
            (h, rows) -> h.toBuilder().setRows(rows).build(),
            ExpertReply::getRows,
            RowServices::expertReplies),
        new Kind<>(
            "RoutedRequest",
            (random, rows, width, dtype) ->
                RoutedRequest.newBuilder()
                    .setCallId(random.nextLong())
                    .setLayer(random.nextInt(100))
                    .setRowCount(rows)
                    .setWidth(width)
                    .setDtype(dtype)
                    .addAllTokenIds(random.ints(rows).boxed().toList())
                    .addAllGroups(random.ints(rows, 0, 5).boxed().toList())
                    .build(),
            (h, rows) -> h.toBuilder().setRows(rows).build(),
            RoutedRequest::getRows,
            RowServices::routedRequests),
        new Kind<>(
            "RoutedReply",
            (random, rows, width, dtype) ->
                RoutedReply.newBuilder()
                    .setCallId(random.nextLong())
                    .setStatus(CallStatus.CALL_OK)
                    .setRowCount(rows)
                    .setWidth(width)
                    .setDtype(dtype)
                    .addUnavailableRows(0)
                    .setUnavailableDetail("layer 3 expert 5")
                    .build(),
            (h, rows) -> h.toBuilder().setRows(rows).build(),
            RoutedReply::getRows,
            RowServices::routedReplies));
  }

  static ExpertRequest expertRequest(Random random, int rows, int width, DType dtype) {
    return ExpertRequest.newBuilder()
        .setCallId(random.nextLong())
        .setLayer(random.nextInt(100))
        .setRowCount(rows)
        .setWidth(width)
        .setDtype(dtype)
        .addAllPairRows(random.ints(2L * rows, 0, Math.max(rows, 1)).boxed().toList())
        .addAllPairExperts(random.ints(2L * rows, 0, 200).boxed().toList())
        .build();
  }

  /** Random values of any sign and size, exact in bf16 if asked for. */
  static float[] rows(Random random, int count, DType dtype) {
    float[] rows = new float[count];
    for (int i = 0; i < count; i++) {
      int bits = random.nextInt();
      bits = (bits & 0x7f800000) == 0x7f800000 ? bits & 0x807fffff : bits;
      rows[i] = Float.intBitsToFloat(dtype == DType.DTYPE_BF16 ? bits & 0xffff0000 : bits);
    }
    return rows;
  }

  /** The payload as a generated client would make it. */
  static ByteString payload(float[] rows, DType dtype) {
    ByteBuffer buffer = ByteBuffer.allocate(rows.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : rows) {
      int bits = Float.floatToRawIntBits(value);
      if (dtype == DType.DTYPE_BF16) {
        buffer.putShort((short) (bits >>> 16));
      } else {
        buffer.putInt(bits);
      }
    }
    return ByteString.copyFrom(buffer.flip());
  }

  /** Everything that the marshaller hands to gRPC. */
  static <H extends Message> byte[] written(RowMarshaller<H> marshaller, RowMessage<H> message) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ((Drainable) marshaller.stream(message)).drainTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
