package io.expertmesh.expert.transport;

import io.expertmesh.expert.core.Backoff;
import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.protocol.core.HostPort;
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
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The lease of this replica at one router: dialled, kept, and dialled again when it is lost. Lives
 * on the event loop alone.
 */
final class RouterLease {
  private static final System.Logger LOG = System.getLogger(RouterLease.class.getName());

  private static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** After a lease of this length, earlier ejections count no more. */
  private static final long FORGIVEN_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final HostPort router;
  private final MeshNetty netty;
  private final ManagedChannel channel;
  private final JoinRequest join;
  private final Backoff backoff;
  private final Backoff ejections;
  private final LongSupplier nanoClock;
  private final LeaseClient.Proof proof;
  private final Runnable changed;

  private @Nullable Stream stream;
  private boolean accepted;
  private long acceptedAt;
  private boolean leaving;
  private String trouble = "not reached yet";

  /**
   * @param backoff waits after a loss or a refusal
   * @param ejections waits after an ejection, in addition to the proof
   * @param changed told after every gain or loss of the lease
   */
  RouterLease(
      HostPort router,
      MeshNetty netty,
      JoinRequest join,
      Backoff backoff,
      Backoff ejections,
      LongSupplier nanoClock,
      LeaseClient.Proof proof,
      Runnable changed) {
    this.router = router;
    this.netty = netty;
    this.join = join;
    this.backoff = backoff;
    this.ejections = ejections;
    this.nanoClock = nanoClock;
    this.proof = proof;
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
    if (dropped(which, why)) {
      netty.after(backoff.next(), this::dial);
    }
  }

  /** The router found wrong answers: it is dialled again only by a replica that is sound. */
  private void ejected(Stream which, String why) {
    boolean forgiven = accepted && nanoClock.getAsLong() - acceptedAt >= FORGIVEN_NANOS;
    if (dropped(which, why)) {
      if (forgiven) {
        ejections.reset();
      }
      long wait = ejections.next();
      proof.begin(() -> netty.after(wait, this::dial));
    }
  }

  /**
   * Forgets a stream.
   *
   * @return true if the lease should be taken again
   */
  private boolean dropped(Stream which, String why) {
    if (stream != which) {
      return false;
    }
    stream = null;
    boolean had = accepted;
    accepted = false;
    trouble = why;
    if (leaving) {
      return false;
    }
    if (had) {
      LOG.log(System.Logger.Level.WARNING, "Lost the lease at {0}", trouble());
    }
    changed.run();
    return true;
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
          acceptedAt = nanoClock.getAsLong();
          backoff.reset();
          LOG.log(System.Logger.Level.INFO, "Router {0} gave a lease", router);
          changed.run();
        }
        case REJECTED -> {
          lost(this, told("it refused the lease: " + event.getRejected().getReason()));
          end();
        }
        case EJECTED -> {
          ejected(this, told("it ejected this replica: " + event.getEjected().getReason()));
          end();
        }
        case EVENT_NOT_SET -> {
          lost(this, told("it sent an event that this version does not know"));
          end();
        }
      }
    }

    private String told(String why) {
      LOG.log(System.Logger.Level.WARNING, "Router {0}: {1}", router, why);
      return why;
    }

    private void end() {
      if (updates != null) {
        updates.cancel("the router ended the lease", null);
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
