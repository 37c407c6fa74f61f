package io.expertmesh.attention.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.DescribeRouterRequest;
import io.expertmesh.protocol.v1.RoutedLayerGrpc;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.protocol.v1.RoutedRequest;
import io.expertmesh.protocol.v1.RouterDescription;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One router: what it says of itself and the one stream to it. Everything happens on the event
 * loop.
 */
final class RouterLink {
  private static final System.Logger LOG = System.getLogger(RouterLink.class.getName());
  private static final int REPLIES_IN_FLIGHT = 64;

  private final String address;
  private final ManagedChannel channel;
  private final RouterIdentity identity;
  private final Consumer<RoutedPart> resend;
  private final Map<Long, RoutedPart> inFlight = new HashMap<>();
  private final Queue<RowMessage<RoutedRequest>> unsent = new ArrayDeque<>();
  private @Nullable ClientCall<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> stream;
  private boolean asking;
  private boolean covered;
  private String detail;
  private long nextCallId = 1;
  private int rowsInFlight;

  /**
   * @param resend takes the parts that were in flight when the router was lost
   */
  RouterLink(
      String address,
      ManagedChannel channel,
      RouterIdentity identity,
      Consumer<RoutedPart> resend) {
    this.address = address;
    this.channel = channel;
    this.identity = identity;
    this.resend = resend;
    this.detail = "router " + address + " has not answered yet";
  }

  /** True if rows can be sent to it. */
  boolean usable() {
    return stream != null;
  }

  /** True if it is usable and said, when last asked, that every expert has a replica. */
  boolean covered() {
    return usable() && covered;
  }

  /** Why it is not covered, for people. */
  String detail() {
    return detail;
  }

  int rowsInFlight() {
    return rowsInFlight;
  }

  /** Asks the router what it is, and connects the stream if it is the right one. */
  void poll() {
    if (asking) {
      return;
    }
    asking = true;
    if (stream == null) {
      channel.resetConnectBackoff();
    }
    RoutedLayerGrpc.newStub(channel)
        .withDeadlineAfter(2, TimeUnit.SECONDS)
        .describeRouter(DescribeRouterRequest.getDefaultInstance(), new DescriptionObserver());
  }

  void send(RoutedPart part) {
    ClientCall<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> open = stream;
    if (open == null) {
      throw new IllegalStateException("router " + address + " is not connected");
    }
    long callId = nextCallId++;
    inFlight.put(callId, part);
    rowsInFlight += part.rows();
    RowMessage<RoutedRequest> message = part.message(callId);
    if (unsent.isEmpty() && open.isReady()) {
      open.sendMessage(message);
    } else {
      unsent.add(message);
    }
  }

  void close() {
    channel.shutdownNow();
  }

  private void described(RouterDescription description) {
    asking = false;
    var mismatch = identity.mismatch(description);
    if (mismatch.isPresent()) {
      refuse("router " + address + " cannot be used: " + mismatch.get());
      return;
    }
    covered = description.getReady();
    detail = covered ? "" : "router " + address + " waits for " + description.getMissing();
    if (stream == null) {
      open();
    }
  }

  private void refuse(String why) {
    if (!why.equals(detail)) {
      LOG.log(System.Logger.Level.WARNING, why);
    }
    covered = false;
    detail = why;
    ClientCall<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> open = stream;
    if (open != null) {
      open.cancel(why, null);
    }
  }

  private void open() {
    ClientCall<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> call =
        channel.newCall(RowServices.ROUTE, CallOptions.DEFAULT);
    stream = call;
    call.start(new ReplyListener(call), new Metadata());
    call.request(REPLIES_IN_FLIGHT);
  }

  private void sendUnsent(ClientCall<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> call) {
    while (call.isReady()) {
      RowMessage<RoutedRequest> message = unsent.poll();
      if (message == null) {
        return;
      }
      RoutedPart part = inFlight.get(message.header().getCallId());
      if (part != null && part.call().over()) {
        forget(message.header().getCallId());
      } else {
        call.sendMessage(message);
      }
    }
  }

  private @Nullable RoutedPart forget(long callId) {
    RoutedPart part = inFlight.remove(callId);
    if (part != null) {
      rowsInFlight -= part.rows();
    }
    return part;
  }

  private void answered(RowMessage<RoutedReply> message) {
    RoutedReply reply = message.header();
    RoutedPart part = forget(reply.getCallId());
    if (part == null) {
      return;
    }
    switch (reply.getStatus()) {
      case CALL_OK -> part.call().complete(part, message);
      case CALL_OVERLOADED -> fail(part, ErrorCode.OVERLOADED, reply);
      case CALL_DEADLINE_EXCEEDED -> fail(part, ErrorCode.DEADLINE_EXCEEDED, reply);
      case CALL_DRAINING -> resend.accept(part);
      case CALL_INVALID, CALL_INTERNAL, UNRECOGNIZED -> fail(part, ErrorCode.INTERNAL, reply);
    }
  }

  private void fail(RoutedPart part, ErrorCode code, RoutedReply reply) {
    part.call().fail(new MeshException(code, "router " + address + ": " + reply.getError()));
  }

  private void lost(String why) {
    stream = null;
    covered = false;
    detail = "router " + address + " is not reachable: " + why;
    unsent.clear();
    List<RoutedPart> parts = new ArrayList<>(inFlight.values());
    inFlight.clear();
    rowsInFlight = 0;
    parts.forEach(resend);
  }

  private final class ReplyListener extends ClientCall.Listener<RowMessage<RoutedReply>> {
    private final ClientCall<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> call;

    ReplyListener(ClientCall<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> call) {
      this.call = call;
    }

    @Override
    public void onReady() {
      sendUnsent(call);
    }

    @Override
    public void onMessage(RowMessage<RoutedReply> message) {
      call.request(1);
      answered(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (stream == call) {
        lost(status.getDescription() == null ? status.getCode().name() : status.getDescription());
      }
    }
  }

  private final class DescriptionObserver implements StreamObserver<RouterDescription> {
    @Override
    public void onNext(RouterDescription description) {
      described(description);
    }

    @Override
    public void onError(Throwable failure) {
      asking = false;
      if (stream == null) {
        detail = "router " + address + " is not reachable";
      }
    }

    @Override
    public void onCompleted() {
      asking = false;
    }
  }
}
