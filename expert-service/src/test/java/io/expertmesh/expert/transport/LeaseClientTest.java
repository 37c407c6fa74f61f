package io.expertmesh.expert.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.JoinRequest;
import io.expertmesh.protocol.v1.LeaseAccepted;
import io.expertmesh.protocol.v1.LeaseEjected;
import io.expertmesh.protocol.v1.LeaseEvent;
import io.expertmesh.protocol.v1.LeaseRejected;
import io.expertmesh.protocol.v1.LeaseUpdate;
import io.expertmesh.protocol.v1.RegistryGrpc;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Leases at a registry that the test plays. */
class LeaseClientTest {
  private static final JoinRequest JOIN =
      JoinRequest.newBuilder().setReplicaId("r1-17").setShard("s0").build();

  private final MeshNetty netty = new MeshNetty("lease-test");
  private final AtomicInteger pairs = new AtomicInteger();
  private final LinkedBlockingQueue<Integer> accepted = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Runnable> proofs = new LinkedBlockingQueue<>();
  private final PlayedRegistry registry = new PlayedRegistry();
  private Server server;
  private LeaseClient client;

  @BeforeEach
  void start() throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(registry);
    netty.customise(builder);
    server = builder.build().start();
    client =
        new LeaseClient(
            netty,
            List.of(new HostPort("127.0.0.1", server.getPort())),
            JOIN,
            () -> new ExpertHost.Load(pairs.get(), 0, 0),
            System::nanoTime,
            new Random(1),
            proofs::add,
            (count, trouble) -> accepted.add(count));
    client.start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    client.close();
    server.shutdownNow();
    netty.close();
  }

  @Test
  void theReplicaJoinsFirstAndThenReportsItsLoad() throws InterruptedException {
    assertThat(take(registry.updates).getJoin()).isEqualTo(JOIN);
    accept();
    assertThat(take(accepted)).isOne();
    assertThat(take(registry.updates).getLoad().getInFlightPairs()).isZero();
    pairs.set(12);
    LeaseUpdate report = take(registry.updates);
    while (report.getLoad().getInFlightPairs() == 0) {
      report = take(registry.updates);
    }
    assertThat(report.getLoad().getInFlightPairs()).isEqualTo(12);
  }

  @Test
  void anUnchangedLoadIsReportedAgainWithinSeconds() throws InterruptedException {
    take(registry.updates);
    accept();
    take(registry.updates);
    assertThat(take(registry.updates).hasLoad()).isTrue();
  }

  @Test
  void aLostLeaseIsTakenAgain() throws InterruptedException {
    take(registry.updates);
    accept();
    assertThat(take(accepted)).isOne();
    take(registry.events).onError(Status.UNAVAILABLE.asRuntimeException());
    assertThat(take(accepted)).isZero();

    LeaseUpdate update = take(registry.updates);
    while (!update.hasJoin()) {
      update = take(registry.updates);
    }
    accept();
    assertThat(take(accepted)).isOne();
  }

  @Test
  void aRefusedReplicaAsksAgain() throws InterruptedException {
    take(registry.updates);
    take(registry.events)
        .onNext(
            LeaseEvent.newBuilder()
                .setRejected(LeaseRejected.newBuilder().setReason("another model"))
                .build());
    assertThat(take(accepted)).isZero();
    assertThat(take(registry.updates).hasJoin()).isTrue();
  }

  @Test
  void anEjectedReplicaAsksAgainOnlyAfterItHasProvedItself() throws InterruptedException {
    take(registry.updates);
    for (int ejection = 0; ejection < 2; ejection++) {
      accept();
      assertThat(take(accepted)).isOne();
      take(registry.events)
          .onNext(
              LeaseEvent.newBuilder()
                  .setEjected(LeaseEjected.newBuilder().setReason("NaN"))
                  .build());
      assertThat(take(accepted)).isZero();
      Runnable passed = take(proofs);
      registry.updates.clear();
      assertThat(registry.updates.poll(300, TimeUnit.MILLISECONDS)).isNull();
      passed.run();
      assertThat(take(registry.updates).getJoin()).isEqualTo(JOIN);
    }
    assertThat(proofs).isEmpty();
  }

  @Test
  void leavingIsAnnouncedAndNotTakenBack() throws InterruptedException {
    take(registry.updates);
    accept();
    take(accepted);
    client.leave();

    LeaseUpdate update = take(registry.updates);
    while (!update.hasLeaving()) {
      update = take(registry.updates);
    }
    take(registry.events).onCompleted();
    assertThat(registry.updates.poll(300, TimeUnit.MILLISECONDS)).isNull();
  }

  /** Accepts the newest join and leaves its stream in the queue for later. */
  private void accept() throws InterruptedException {
    StreamObserver<LeaseEvent> stream = take(registry.events);
    stream.onNext(LeaseEvent.newBuilder().setAccepted(LeaseAccepted.getDefaultInstance()).build());
    registry.events.add(stream);
  }

  private static <T> T take(LinkedBlockingQueue<T> queue) throws InterruptedException {
    T value = queue.poll(10, TimeUnit.SECONDS);
    if (value == null) {
      throw new AssertionError("nothing came within 10 s");
    }
    return value;
  }

  private static final class PlayedRegistry extends RegistryGrpc.RegistryImplBase {
    final LinkedBlockingQueue<LeaseUpdate> updates = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<StreamObserver<LeaseEvent>> events = new LinkedBlockingQueue<>();

    @Override
    public StreamObserver<LeaseUpdate> join(StreamObserver<LeaseEvent> stream) {
      events.add(stream);
      return new StreamObserver<>() {
        @Override
        public void onNext(LeaseUpdate update) {
          updates.add(update);
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
      };
    }
  }
}
