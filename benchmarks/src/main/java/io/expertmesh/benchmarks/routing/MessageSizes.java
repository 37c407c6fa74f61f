package io.expertmesh.benchmarks.routing;

import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.protocol.v1.RoutedRequest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;

/** Bytes of the messages between attention and router, as their marshaller writes them. */
final class MessageSizes {
  private static final int SOME_CALL_ID = 10_000;

  private final int tokens;
  private final int width;
  private final DType dtype;

  MessageSizes(RoutedOptions options) {
    this.tokens = options.tokens();
    this.width = options.hidden();
    this.dtype =
        switch (options.dtype()) {
          case F32 -> DType.DTYPE_F32;
          case BF16 -> DType.DTYPE_BF16;
          case F16 -> throw new IllegalArgumentException("rows do not travel as F16");
        };
  }

  int request() throws IOException {
    RoutedRequest header =
        RoutedRequest.newBuilder()
            .setCallId(SOME_CALL_ID)
            .setRowCount(tokens)
            .setWidth(width)
            .setDtype(dtype)
            .setTimeoutMicros(10_000_000)
            .addAllTokenIds(Collections.nCopies(tokens, 20_000))
            .addAllGroups(Collections.nCopies(tokens, 1))
            .build();
    try (InputStream bytes =
        RowServices.ROUTE.streamRequest(RowMessage.of(header, new float[tokens * width]))) {
      return bytes.available();
    }
  }

  int reply() throws IOException {
    RoutedReply header =
        RoutedReply.newBuilder()
            .setCallId(SOME_CALL_ID)
            .setRowCount(tokens)
            .setWidth(width)
            .setDtype(dtype)
            .build();
    try (InputStream bytes =
        RowServices.ROUTE.streamResponse(RowMessage.of(header, new float[tokens * width]))) {
      return bytes.available();
    }
  }
}
