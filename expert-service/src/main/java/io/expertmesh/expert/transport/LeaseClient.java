package io.expertmesh.expert.transport;

import io.expertmesh.expert.core.Backoff;
import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.JoinRequest;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Dials every router, offers this replica, and keeps the leases: reports load, dials again after a
 * loss, announces the leave. All work is done on the event loop; the methods may be called from any
 * other thread.
 */
public final class LeaseClient {
  private static final long TICK_MILLIS = 50;
  private static final long FIRST_WAIT_MILLIS = 100;
  private static final long LONGEST_WAIT_MILLIS = 2000;

  /** A router that ejects again and again is left alone for longer and longer. */
  private static final long LONGEST_EJECTED_MILLIS = 30_000;

  private final MeshNetty netty;
  private final List<RouterLease> leases;
  private final Supplier<ExpertHost.Load> load;
  private final LongSupplier nanoClock;
  private final Listener listener;
  private @Nullable Future<?> ticks;

  /** Is told on the event loop whenever a lease was gained or lost. */
  @FunctionalInterface
  public interface Listener {
    /**
     * @param accepted routers that hold a lease of this replica
     * @param trouble what keeps the first other one from it, or empty
     */
    void leases(int accepted, String trouble);
  }

  /** Lets a replica that was ejected prove itself before it joins again. */
  @FunctionalInterface
  public interface Proof {
    /**
     * Begins the proof and returns at once; called on the event loop.
     *
     * @param passed to be called, on any thread, once the replica has proved itself
     */
    void begin(Runnable passed);
  }

  /**
   * @param join what to offer
   * @param load present load, asked for many times a second
   * @param nanoClock monotonic time
   * @param proof what an ejection demands before the router is dialled again
   */
  public LeaseClient(
      MeshNetty netty,
      List<HostPort> routers,
      JoinRequest join,
      Supplier<ExpertHost.Load> load,
      LongSupplier nanoClock,
      RandomGenerator random,
      Proof proof,
      Listener listener) {
    this.netty = Objects.requireNonNull(netty, "netty");
    this.load = Objects.requireNonNull(load, "load");
    this.nanoClock = Objects.requireNonNull(nanoClock, "nanoClock");
    this.listener = Objects.requireNonNull(listener, "listener");
    leases =
        routers.stream()
            .map(
                router ->
                    new RouterLease(
                        router,
                        netty,
                        join,
                        new Backoff(FIRST_WAIT_MILLIS, LONGEST_WAIT_MILLIS, random),
                        new Backoff(FIRST_WAIT_MILLIS, LONGEST_EJECTED_MILLIS, random),
                        nanoClock,
                        proof,
                        this::changed))
            .toList();
  }

  /** Begins to dial. */
  public void start() {
    netty
        .executor()
        .execute(
            () -> {
              leases.forEach(RouterLease::dial);
              ticks = netty.every(TICK_MILLIS, this::tick);
            });
  }

  private void tick() {
    ExpertHost.Load now = load.get();
    long nanos = nanoClock.getAsLong();
    for (RouterLease lease : leases) {
      lease.report(now, nanos);
    }
  }

  private void changed() {
    int accepted = 0;
    String trouble = "";
    for (RouterLease lease : leases) {
      if (lease.isAccepted()) {
        accepted++;
      } else if (trouble.isEmpty()) {
        trouble = lease.trouble();
      }
    }
    listener.leases(accepted, trouble);
  }

  /**
   * Tells every router that no new calls are wanted; returns when the messages are on their way.
   */
  public void leave() throws InterruptedException {
    onLoop(() -> leases.forEach(RouterLease::leave));
  }

  /** Gives all leases up. */
  public void close() throws InterruptedException {
    onLoop(
        () -> {
          if (ticks != null) {
            ticks.cancel(false);
          }
          leases.forEach(RouterLease::close);
        });
  }

  private void onLoop(Runnable task) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    netty
        .executor()
        .execute(
            () -> {
              try {
                task.run();
              } finally {
                done.countDown();
              }
            });
    done.await(5, TimeUnit.SECONDS);
  }
}
