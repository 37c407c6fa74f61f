package io.expertmesh.router.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.CallStatus;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.protocol.v1.RoutedRequest;
import io.expertmesh.router.core.RouteRequest;
import io.expertmesh.router.core.RouteResult;
import io.expertmesh.router.core.RouteSink;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One caller's stream. It may have {@value #WINDOW} calls unanswered; a caller that does not read
 * its answers is not read from either, so that nothing piles up here.
 */
final class RouteStream implements RouteSink, StreamObserver<RowMessage<RoutedRequest>> {
  private static final int WINDOW = 64;

  private final RouterReactor router;
  private final ServerCallStreamObserver<RowMessage<RoutedReply>> replies;
  private final int width;
  private final DType dtype;
  private int pending;
  private int credit;
  private boolean halfClosed;
  private boolean gone;

  RouteStream(RouterReactor router, ServerCallStreamObserver<RowMessage<RoutedReply>> replies) {
    this.router = router;
    this.replies = replies;
    this.width = router.model().width();
    this.dtype = Mapping.toWire(router.model().activations());
    replies.setOnReadyThreshold(ExpertConnection.READY_BYTES);
    replies.setOnCancelHandler(this::leave);
    replies.setOnReadyHandler(this::requestMore);
    replies.disableAutoRequest();
    replies.request(WINDOW);
  }

  @Override
  public void onNext(RowMessage<RoutedRequest> message) {
    RoutedRequest header = message.header();
    long now = router.nanoTime();
    pending++;
    String objection = objection(header);
    if (router.draining()) {
      answer(failure(header.getCallId(), CallStatus.CALL_DRAINING, "this router is shutting down"));
    } else if (objection != null) {
      answer(failure(header.getCallId(), CallStatus.CALL_INVALID, objection));
    } else {
      long micros = header.getTimeoutMicros();
      router.route(
          new RouteRequest(
              header.getCallId(),
              header.getLayer(),
              header.getRowCount(),
              message.rows(),
              message.offset(),
              Mapping.toArray(header.getTokenIdsList()),
              Mapping.toArray(header.getGroupsList()),
              Mapping.toArray(header.getGroupLengthsList()),
              header.getWantAssignments(),
              now,
              micros == 0 ? RouteRequest.NO_DEADLINE : now + TimeUnit.MICROSECONDS.toNanos(micros),
              this));
    }
  }

  private @Nullable String objection(RoutedRequest header) {
    if (header.getWidth() != width) {
      return "width is "
          + Integer.toUnsignedString(header.getWidth())
          + ", the model's rows have "
          + width
          + " values";
    }
    if (header.getDtype() != dtype) {
      return "dtype is " + header.getDtype() + ", this router exchanges rows as " + dtype;
    }
    return null;
  }

  @Override
  public void complete(RouteRequest request, RouteResult result) {
    RoutedReply.Builder header =
        RoutedReply.newBuilder()
            .setCallId(request.callId())
            .setRowCount(request.rowCount())
            .setWidth(width)
            .setDtype(dtype);
    if (!result.unavailable().isEmpty()) {
      result.unavailable().stream().forEach(header::addUnavailableRows);
      header.setUnavailableDetail(result.detail());
    }
    if (!result.nonFinite().isEmpty()) {
      result.nonFinite().stream().forEach(header::addNonFiniteRows);
    }
    if (request.wantAssignments()) {
      AssignmentMessages.write(result.assignments(), header);
    }
    answer(new RowMessage<>(header.build(), result.rows(), 0, request.rowCount() * width));
    finish(request);
  }

  @Override
  public void fail(RouteRequest request, ErrorCode code, String message) {
    answer(failure(request.callId(), Mapping.toWire(code), message));
    finish(request);
  }

  private void finish(RouteRequest request) {
    router.finished(request);
    RowServices.BUFFERS.give(request.rows());
  }

  private static RowMessage<RoutedReply> failure(long callId, CallStatus status, String error) {
    return RowMessage.of(
        RoutedReply.newBuilder().setCallId(callId).setStatus(status).setError(error).build());
  }

  private void answer(RowMessage<RoutedReply> reply) {
    pending--;
    if (gone) {
      return;
    }
    replies.onNext(reply);
    credit++;
    requestMore();
    completeIfDone();
  }

  private void requestMore() {
    if (credit > 0 && replies.isReady()) {
      int count = credit;
      credit = 0;
      replies.request(count);
    }
  }

  private void completeIfDone() {
    if (halfClosed && pending == 0) {
      gone = true;
      replies.onCompleted();
    }
  }

  private void leave() {
    if (!gone) {
      gone = true;
      router.cancel(this);
    }
  }

  @Override
  public void onError(Throwable failure) {
    leave();
  }

  @Override
  public void onCompleted() {
    halfClosed = true;
    completeIfDone();
  }
}
