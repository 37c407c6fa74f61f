package io.expertmesh.router.transport;

import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.ExpertRequest;
import io.expertmesh.router.core.ExpertCall;
import io.expertmesh.router.core.ExpertReply;
import io.expertmesh.router.core.Replica;
import io.expertmesh.router.core.RouteRequest;
import io.expertmesh.router.core.RoutedModel;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one stream to one replica. Calls are serialised while the stream is ready, and wait in a
 * bounded queue while it is not.
 */
final class ExpertConnection
    implements ClientResponseObserver<
        RowMessage<ExpertRequest>, RowMessage<io.expertmesh.protocol.v1.ExpertReply>> {
  /** Some of the largest messages may wait in the stream's own buffer. */
  static final int READY_BYTES = 4 << 20;

  private static final int MAX_QUEUE = 1024;

  private final Replica replica;
  private final ManagedChannel channel;
  private final ConnectionEvents events;
  private final Executor loop;
  private final LongSupplier nanoClock;
  private final int width;
  private final DType dtype;
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private @Nullable ClientCallStreamObserver<RowMessage<ExpertRequest>> requests;
  private boolean up;
  private boolean ended;

  ExpertConnection(
      Replica replica,
      RoutedModel model,
      ManagedChannel channel,
      ConnectionEvents events,
      Executor loop,
      LongSupplier nanoClock) {
    this.replica = replica;
    this.channel = channel;
    this.events = events;
    this.loop = loop;
    this.nanoClock = nanoClock;
    this.width = model.width();
    this.dtype = Mapping.toWire(model.activations());
  }

  /** Dials the replica. */
  void open() {
    ClientCalls.asyncBidiStreamingCall(
        channel.newCall(RowServices.COMPUTE, CallOptions.DEFAULT.withOnReadyThreshold(READY_BYTES)),
        this);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<RowMessage<ExpertRequest>> stream) {
    requests = stream;
    // until the connection stands, grpc may call from a thread of its own
    stream.setOnReadyHandler(() -> loop.execute(this::ready));
  }

  private void ready() {
    if (ended || requests == null || !requests.isReady()) {
      return;
    }
    if (!up) {
      up = true;
      events.connected(replica);
    }
    while (!queue.isEmpty() && requests.isReady()) {
      Waiting next = queue.poll();
      if (next.call.id() == next.id) {
        write(next.call);
      }
    }
  }

  /** Sends a call now or when the stream is ready. */
  void send(ExpertCall call) {
    if (ended) {
      return;
    }
    if (requests != null && requests.isReady() && queue.isEmpty()) {
      write(call);
    } else if (queue.size() < MAX_QUEUE) {
      queue.add(new Waiting(call, call.id()));
    } else {
      events.replied(
          replica,
          call.id(),
          ExpertReply.failed(ExpertReply.Status.OVERLOADED, "the connection is congested"));
    }
  }

  private void write(ExpertCall call) {
    ExpertRequest.Builder header =
        ExpertRequest.newBuilder()
            .setCallId(call.id())
            .setLayer(call.layer())
            .setRowCount(call.rowCount())
            .setWidth(width)
            .setDtype(dtype)
            .setTimeoutMicros(timeoutMicros(call));
    for (int pair = 0; pair < call.pairCount(); pair++) {
      header.addPairRows(call.pairRow(pair));
      header.addPairExperts(call.pairExpert(pair));
    }
    try {
      if (requests != null) {
        requests.onNext(
            new RowMessage<>(
                header.build(), call.rows(), call.rowsOffset(), call.rowCount() * width));
      }
    } catch (RuntimeException e) {
      close("could not be written to: " + e.getMessage());
    }
  }

  private long timeoutMicros(ExpertCall call) {
    if (call.deadlineNanos() == RouteRequest.NO_DEADLINE) {
      return 0;
    }
    long left = call.deadlineNanos() - nanoClock.getAsLong();
    return Math.max(1, TimeUnit.NANOSECONDS.toMicros(left));
  }

  @Override
  public void onNext(RowMessage<io.expertmesh.protocol.v1.ExpertReply> message) {
    io.expertmesh.protocol.v1.ExpertReply header = message.header();
    events.replied(
        replica,
        header.getCallId(),
        new ExpertReply(
            Mapping.fromWire(header.getStatus()),
            header.getError(),
            header.getRowCount(),
            header.getWidth(),
            header.getWeightsVersion(),
            message.rows(),
            message.offset(),
            message.length()));
  }

  @Override
  public void onError(Throwable failure) {
    Status status = Status.fromThrowable(failure);
    String reason =
        "the stream to it failed: "
            + status.getCode()
            + (status.getDescription() == null ? "" : " " + status.getDescription());
    loop.execute(() -> close(reason));
  }

  @Override
  public void onCompleted() {
    loop.execute(() -> close("it ended the stream"));
  }

  /** Ends the connection; the events hear of it once. */
  void close(String reason) {
    if (ended) {
      return;
    }
    ended = true;
    queue.clear();
    if (requests != null) {
      requests.cancel("the router closed the stream", null);
    }
    channel.shutdownNow();
    events.disconnected(replica, reason);
  }

  private record Waiting(ExpertCall call, long id) {}
}
