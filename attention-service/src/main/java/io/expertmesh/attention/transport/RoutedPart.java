package io.expertmesh.attention.transport;

import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.RoutedRequest;
import java.util.concurrent.TimeUnit;

/** As many rows of a call as one message carries. Used on the event loop only. */
final class RoutedPart {
  private final RemoteCall call;
  private final int firstRow;
  private final int rows;
  private final int width;
  private final DType dtype;
  private int attempts;

  RoutedPart(RemoteCall call, int firstRow, int rows, int width, DType dtype) {
    this.call = call;
    this.firstRow = firstRow;
    this.rows = rows;
    this.width = width;
    this.dtype = dtype;
  }

  RemoteCall call() {
    return call;
  }

  int firstRow() {
    return firstRow;
  }

  int rows() {
    return rows;
  }

  /** Counts a sending; returns how many there were. */
  int attempt() {
    return ++attempts;
  }

  /** The message, which refers to the batch's own rows. */
  RowMessage<RoutedRequest> message(long callId) {
    RoutedBatch batch = call.batch();
    long left = batch.deadlineNanos() - System.nanoTime();
    RoutedRequest.Builder header =
        RoutedRequest.newBuilder()
            .setCallId(callId)
            .setLayer(batch.layer())
            .setRowCount(rows)
            .setWidth(width)
            .setDtype(dtype)
            .setWantAssignments(batch.choices() > 0)
            .setTimeoutMicros(Math.max(1, TimeUnit.NANOSECONDS.toMicros(left)));
    for (int row = firstRow; row < firstRow + rows; row++) {
      header.addTokenIds(batch.tokenIds()[row]);
      header.addGroups(batch.groups()[row]);
    }
    for (int length : batch.groupLengths(firstRow, firstRow + rows)) {
      header.addGroupLengths(length);
    }
    return new RowMessage<>(header.build(), batch.rows(), firstRow * width, rows * width);
  }
}
