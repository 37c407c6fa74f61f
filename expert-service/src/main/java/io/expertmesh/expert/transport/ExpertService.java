package io.expertmesh.expert.transport;

import io.expertmesh.expert.core.CallOutcome;
import io.expertmesh.expert.core.ComputeCall;
import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.ExpertReply;
import io.expertmesh.protocol.v1.ExpertRequest;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code expertmesh.v1.Expert}: takes calls, and sends their replies, on the event loop. Until a
 * host is set, streams are refused as UNAVAILABLE.
 */
public final class ExpertService implements BindableService {
  private final LongSupplier nanoClock;
  private final Executor loop;
  private final AtomicReference<@Nullable Served> served = new AtomicReference<>();

  private record Served(ExpertHost host, RequestMapper mapper) {}

  /**
   * @param nanoClock the clock of the host
   * @param loop the event loop that calls this service
   */
  public ExpertService(LongSupplier nanoClock, Executor loop) {
    this.nanoClock = Objects.requireNonNull(nanoClock, "nanoClock");
    this.loop = Objects.requireNonNull(loop, "loop");
  }

  /** Begins to serve a shard. */
  public void serve(ExpertHost host) {
    served.set(new Served(host, new RequestMapper(host.engine().weights())));
  }

  @Override
  public ServerServiceDefinition bindService() {
    return RowServices.expert(this::compute).bindService();
  }

  private StreamObserver<RowMessage<ExpertRequest>> compute(
      StreamObserver<RowMessage<ExpertReply>> replies) {
    Served now = served.get();
    if (now == null) {
      replies.onError(
          GrpcErrors.toGrpc(
              new MeshException(
                  ErrorCode.SERVICE_UNAVAILABLE, "The replica is still loading its weights.")));
      return new Ignored();
    }
    ServerCallStreamObserver<RowMessage<ExpertReply>> call =
        (ServerCallStreamObserver<RowMessage<ExpertReply>>) replies;
    ReplyStream stream = new ReplyStream(call, loop);
    call.setOnReadyHandler(stream::flush);
    RouterStream router = new RouterStream(now, stream);
    call.setOnCancelHandler(router::cancelled);
    call.setOnCloseHandler(router::cancelled);
    return router;
  }

  /** The requests of one router. Called on the event loop, except for the ends of calls. */
  private final class RouterStream implements StreamObserver<RowMessage<ExpertRequest>> {
    private final Served shard;
    private final ReplyStream replies;

    // Guarded by this.
    private int open;
    private boolean halfClosed;

    RouterStream(Served shard, ReplyStream replies) {
      this.shard = shard;
      this.replies = replies;
    }

    @Override
    public void onNext(RowMessage<ExpertRequest> message) {
      long callId = message.header().getCallId();
      ComputeCall call;
      try {
        call =
            shard
                .mapper()
                .toCall(this, message, nanoClock.getAsLong(), ended -> ended(message, ended));
      } catch (MeshException e) {
        replies.send(Replies.invalid(callId, e.getMessage()));
        return;
      }
      synchronized (this) {
        open++;
      }
      shard.host().submit(call);
    }

    private void ended(RowMessage<ExpertRequest> request, ComputeCall call) {
      Replies.of(request.header().getCallId(), call, shard.host().engine().weights())
          .ifPresent(replies::send);
      if (call.outcome() == CallOutcome.COMPLETED) {
        RowServices.BUFFERS.give(request.rows());
      }
      boolean last;
      synchronized (this) {
        open--;
        last = halfClosed && open == 0;
      }
      if (last) {
        replies.complete();
      }
    }

    @Override
    public void onError(Throwable failure) {
      cancelled();
    }

    @Override
    public void onCompleted() {
      boolean last;
      synchronized (this) {
        halfClosed = true;
        last = open == 0;
      }
      if (last) {
        replies.complete();
      }
    }

    void cancelled() {
      replies.end();
      shard.host().cancel(this);
    }
  }

  /** Takes what arrives on a stream that was refused. */
  private static final class Ignored implements StreamObserver<RowMessage<ExpertRequest>> {
    @Override
    public void onNext(RowMessage<ExpertRequest> message) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
