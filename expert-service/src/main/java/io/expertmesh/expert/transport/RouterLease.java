package io.expertmesh.expert.transport;

import io.expertmesh.expert.core.Backoff;
import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.JoinRequest;
import io.expertmesh.protocol.v1.LeaseEvent;
import io.expertmesh.protocol.v1.LeaseUpdate;
import io.expertmesh.protocol.v1.Leaving;
import io.expertmesh.protocol.v1.LoadReport;
import io.expertmesh.protocol.v1.RegistryGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The lease of this replica at one router: dialled, kept, and dialled again when it is lost. Lives
 * on the event loop alone.
 */
final class RouterLease {
  private static final System.Logger LOG = System.getLogger(RouterLease.class.getName());

  private static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final RouterAddress router;
  private final MeshNetty netty;
  private final ManagedChannel channel;
  private final JoinRequest join;
  private final Backoff backoff;
  private final Runnable changed;

  private @Nullable Stream stream;
  private boolean accepted;
  private boolean leaving;
  private String trouble = "not reached yet";

  /**
   * @param changed told after every gain or loss of the lease
   */
  RouterLease(
      RouterAddress router, MeshNetty netty, JoinRequest join, Backoff backoff, Runnable changed) {
    this.router = router;
    this.netty = netty;
    this.join = join;
    this.backoff = backoff;
    this.changed = changed;
    channel = netty.channel(router.host(), router.port());
  }

  boolean isAccepted() {
    return accepted;
  }

  /** Why there is no lease, for people. */
  String trouble() {
    return "router " + router + ": " + trouble;
  }

  void dial() {
    if (leaving) {
      return;
    }
    // After a failure the channel waits by itself for up to minutes; our backoff decides instead.
    channel.resetConnectBackoff();
    Stream fresh = new Stream();
    stream = fresh;
    RegistryGrpc.newStub(channel).join(fresh);
    fresh.send(LeaseUpdate.newBuilder().setJoin(join).build());
  }

  /** Reports the load if it changed, or if the last report is a second old. */
  void report(ExpertHost.Load load, long nowNanos) {
    if (accepted && stream != null) {
      stream.report(load, nowNanos);
    }
  }

  /** Announces that no new calls are wanted, and dials no more. */
  void leave() {
    leaving = true;
    if (accepted && stream != null) {
      stream.send(LeaseUpdate.newBuilder().setLeaving(Leaving.getDefaultInstance()).build());
    }
  }

  /** Gives the lease up. */
  void close() {
    leaving = true;
    accepted = false;
    channel.shutdownNow();
  }

  private void lost(Stream which, String why) {
    if (stream != which) {
      return;
    }
    stream = null;
    boolean had = accepted;
    accepted = false;
    trouble = why;
    if (leaving) {
      return;
    }
    long wait = backoff.next();
    if (had) {
      LOG.log(System.Logger.Level.WARNING, "Lost the lease at {0}", trouble());
    }
    netty.after(wait, this::dial);
    changed.run();
  }

  /** One Join call. */
  private final class Stream implements ClientResponseObserver<LeaseUpdate, LeaseEvent> {
    private @Nullable ClientCallStreamObserver<LeaseUpdate> updates;
    private int reportedPairs = -1;
    private long reportedAt;

    @Override
    public void beforeStart(ClientCallStreamObserver<LeaseUpdate> requestStream) {
      updates = requestStream;
    }

    void send(LeaseUpdate update) {
      if (updates != null) {
        updates.onNext(update);
      }
    }

    void report(ExpertHost.Load load, long nowNanos) {
      boolean due = reportedPairs != load.inFlightPairs() || nowNanos - reportedAt >= REPORT_NANOS;
      if (due && updates != null && updates.isReady()) {
        reportedPairs = load.inFlightPairs();
        reportedAt = nowNanos;
        send(
            LeaseUpdate.newBuilder()
                .setLoad(
                    LoadReport.newBuilder()
                        .setInFlightPairs(load.inFlightPairs())
                        .setQueueAgeMicros(
                            (int) TimeUnit.NANOSECONDS.toMicros(load.oldestAgeNanos())))
                .build());
      }
    }

    @Override
    public void onNext(LeaseEvent event) {
      switch (event.getEventCase()) {
        case ACCEPTED -> {
          if (leaving) {
            return;
          }
          accepted = true;
          backoff.reset();
          LOG.log(System.Logger.Level.INFO, "Router {0} gave a lease", router);
          changed.run();
        }
        case REJECTED -> end("it refused the lease: " + event.getRejected().getReason());
        case EJECTED -> end("it ejected this replica: " + event.getEjected().getReason());
        case EVENT_NOT_SET -> end("it sent an event that this version does not know");
      }
    }

    private void end(String why) {
      LOG.log(System.Logger.Level.WARNING, "Router {0}: {1}", router, why);
      lost(this, why);
      if (updates != null) {
        updates.cancel(why, null);
      }
    }

    @Override
    public void onError(Throwable failure) {
      Status status = Status.fromThrowable(failure);
      String description = status.getDescription();
      String why = description == null ? status.getCode().name() : description;
      // Until a connection stands, gRPC may call from a thread of its own.
      netty.executor().execute(() -> lost(this, why));
    }

    @Override
    public void onCompleted() {
      lost(this, "it ended the lease");
    }
  }
}
