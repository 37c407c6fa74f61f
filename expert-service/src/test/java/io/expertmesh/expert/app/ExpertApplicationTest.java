package io.expertmesh.expert.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.expert.transport.ExpertService;
import io.expertmesh.protocol.app.StartFailure;
import io.expertmesh.protocol.app.Telemetry;
import io.expertmesh.protocol.core.Assignment;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.JoinRequest;
import io.expertmesh.protocol.v1.LeaseAccepted;
import io.expertmesh.protocol.v1.LeaseEjected;
import io.expertmesh.protocol.v1.LeaseEvent;
import io.expertmesh.protocol.v1.LeaseUpdate;
import io.expertmesh.protocol.v1.RegistryGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/** The whole process but for its main method, with a registry that the test plays. */
class ExpertApplicationTest {
  private final MeshNetty netty = new MeshNetty("registry-test");
  private final LinkedBlockingQueue<LeaseUpdate> updates = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<StreamObserver<LeaseEvent>> leases =
      new LinkedBlockingQueue<>();
  private Server router;

  @BeforeEach
  void start() throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new PlayedRegistry());
    netty.customise(builder);
    router = builder.build().start();
  }

  @AfterEach
  void stop() {
    router.shutdownNow();
    netty.close();
  }

  @Test
  void aReplicaBecomesReadyWithItsFirstLeaseAndSaysWhenItLeaves() throws InterruptedException {
    LinkedBlockingQueue<ServiceState> states = new LinkedBlockingQueue<>();
    int port;
    try (ConfigurableApplicationContext context =
        run("../model/src/test/resources/golden/mixtral")) {
      context.getBean(StatusBoard.class).onState(states::add);
      port = context.getBean(GrpcServerLifecycle.class).getPort();
      context.getBean(ExpertReplica.class).start(context.getBean(ExpertProperties.class), port);
      await(states, ServiceState.READY);

      JoinRequest join = take(updates).getJoin();
      assertThat(join.getAddress()).isEqualTo("127.0.0.1:" + port);
      assertThat(join.getShard()).isEqualTo("s1");
      assertThat(join.getReplicaId()).startsWith("s1-r0-");
      assertThat(join.getModelId()).isEqualTo("mixtral");
      assertThat(join.getExpertsList())
          .allSatisfy(layer -> assertThat(layer.getExpertsList()).containsExactly(4, 5, 6, 7));
      assertThat(join.getWeightsVersion()).isNotZero();
      assertThat(context.getBean(StatusBoard.class).snapshot().progress()).isEqualTo(1.0);
    }
    await(states, ServiceState.DRAINING);
    LeaseUpdate last = take(updates);
    while (!last.hasLeaving()) {
      last = take(updates);
    }
    assertThat(updates).noneMatch(LeaseUpdate::hasJoin);
  }

  @Test
  void aSpareWaitsForItsShardAndIsThenTheReplicaThatItWasToldToBe() throws Exception {
    LinkedBlockingQueue<ServiceState> states = new LinkedBlockingQueue<>();
    CompletableFuture<String> assignment = new CompletableFuture<>();
    String[] replica = arguments("../model/src/test/resources/golden/mixtral");
    try (ConfigurableApplicationContext context =
        new SpringApplication(ExpertApplication.class)
            .run(
                replica[0],
                "--expertmesh.expert.spare=true",
                "--expertmesh.expert.replica=spare-0",
                "--expertmesh.expert.routers=127.0.0.1:1")) {
      StatusBoard board = context.getBean(StatusBoard.class);
      board.onState(states::add);
      CompletableFuture<Void> running =
          CompletableFuture.runAsync(() -> ExpertApplication.start(context, assignment));
      await(states, ServiceState.WAITING);
      assertThat(board.snapshot().instance()).isEqualTo("spare-0");
      assertThat(board.snapshot().shard()).isEmpty();

      assignment.complete(new Assignment(List.of(replica)).line());
      running.get(30, TimeUnit.SECONDS);

      await(states, ServiceState.READY);
      JoinRequest join = take(updates).getJoin();
      assertThat(join.getShard()).isEqualTo("s1");
      assertThat(join.getReplicaId()).startsWith("s1-r0-");
      assertThat(join.getExpertsList())
          .allSatisfy(layer -> assertThat(layer.getExpertsList()).containsExactly(4, 5, 6, 7));
      assertThat(board.snapshot().instance()).isEqualTo("s1-r0");
      assertThat(board.snapshot().shard()).isEqualTo("s1");
    }
  }

  @Test
  void aSpareThatNobodyCanSpeakToSaysSo() {
    try (ConfigurableApplicationContext context =
        run("../model/src/test/resources/golden/mixtral", "--expertmesh.expert.spare=true")) {
      CompletableFuture<String> nobody =
          CompletableFuture.failedFuture(
              new MeshException(ErrorCode.INVALID_ARGUMENT, "nobody could say what to host."));
      assertThatThrownBy(() -> ExpertApplication.start(context, nobody))
          .satisfies(
              e ->
                  assertThat(StartFailure.sentence(e)).isEqualTo("nobody could say what to host."));
    }
  }

  @Test
  void aReplicaThatFetchesItsShardJoinsAsOneThatHasTheCheckpoint(@TempDir Path folder)
      throws Exception {
    Path golden = Path.of("../model/src/test/resources/golden/mixtral");
    JoinRequest local = joined(golden.toString());
    try (PartsServer server = new PartsServer(golden)) {
      Path empty = folder.resolve("mixtral");
      JoinRequest fetched = joined(empty.toString(), "--expertmesh.model-url=" + server.url());
      assertThat(fetched.getWeightsVersion()).isEqualTo(local.getWeightsVersion());
      assertThat(fetched.getModelId()).isEqualTo(local.getModelId());
      assertThat(fetched.getExpertsList()).isEqualTo(local.getExpertsList());
      assertThat(empty.resolve("model.safetensors.fetched")).exists();
    }
  }

  private JoinRequest joined(String model, String... more) throws InterruptedException {
    try (ConfigurableApplicationContext context = run(model, more)) {
      context
          .getBean(ExpertReplica.class)
          .start(
              context.getBean(ExpertProperties.class),
              context.getBean(GrpcServerLifecycle.class).getPort());
      LeaseUpdate first = take(updates);
      while (!first.hasJoin()) {
        first = take(updates);
      }
      return first.getJoin();
    }
  }

  @Test
  void aServerThatDoesNotHaveTheModelIsNamedInOneSentence(@TempDir Path folder) throws IOException {
    try (PartsServer server = new PartsServer(folder);
        ConfigurableApplicationContext context =
            run(folder.resolve("m").toString(), "--expertmesh.model-url=" + server.url())) {
      ExpertProperties properties = context.getBean(ExpertProperties.class);
      assertThatThrownBy(() -> context.getBean(ExpertReplica.class).start(properties, 1))
          .satisfies(
              e ->
                  assertThat(StartFailure.sentence(e))
                      .isEqualTo(server.url() + "/config.json: the server does not have it."));
      assertThat(context.getBean(StatusBoard.class).snapshot().detail())
          .isEqualTo("fetching the shard from " + server.url());
    }
  }

  @Test
  void anEjectedReplicaTestsItselfAndComesBack() throws InterruptedException {
    try (ConfigurableApplicationContext context =
        run("../model/src/test/resources/golden/mixtral")) {
      context
          .getBean(ExpertReplica.class)
          .start(
              context.getBean(ExpertProperties.class),
              context.getBean(GrpcServerLifecycle.class).getPort());
      JoinRequest join = take(updates).getJoin();
      take(leases)
          .onNext(
              LeaseEvent.newBuilder()
                  .setEjected(LeaseEjected.newBuilder().setReason("NaN"))
                  .build());
      LeaseUpdate again = take(updates);
      while (!again.hasJoin()) {
        again = take(updates);
      }
      assertThat(again.getJoin()).isEqualTo(join);
    }
  }

  @Test
  void aBrokenReplicaSaysSoAndEndsWithoutFinishingAnything() {
    try (ConfigurableApplicationContext context = run("m")) {
      StatusBoard board = context.getBean(StatusBoard.class);
      List<Integer> codes = new ArrayList<>();
      ExpertReplica replica =
          new ExpertReplica(
              board,
              context.getBean(MeshNetty.class),
              context.getBean(ExpertService.class),
              context.getBean(Telemetry.class),
              codes::add);
      replica.broken("Self-test failed: expert 3 of layer 1 gave a value that is not finite.");
      assertThat(codes).containsExactly(1);
      replica.stop();
      assertThat(board.state()).isEqualTo(ServiceState.FAILED);
      assertThat(board.snapshot().detail()).contains("expert 3 of layer 1");
    }
  }

  @Test
  void aCheckpointThatIsNotThereIsNamedInOneSentence() {
    try (ConfigurableApplicationContext context = run("no/such/model")) {
      assertThatThrownBy(
              () ->
                  context
                      .getBean(ExpertReplica.class)
                      .start(context.getBean(ExpertProperties.class), 1))
          .satisfies(
              e ->
                  assertThat(StartFailure.sentence(e))
                      .contains("no/such/model")
                      .doesNotContain("\n"));
    }
  }

  @Test
  void aMistakeInTheConfigurationIsOneSentence() {
    assertThatThrownBy(() -> run("m", "--expertmesh.threads=-3"))
        .satisfies(
            e -> assertThat(StartFailure.sentence(e)).startsWith("expertmesh.threads is -3"));
  }

  @Test
  void aTakenPortIsNamed() {
    assertThatThrownBy(() -> run("m", "--expertmesh.grpc.port=" + router.getPort()))
        .satisfies(e -> assertThat(StartFailure.sentence(e)).contains("cannot be taken"));
  }

  private String[] arguments(String model) {
    return new String[] {
      "--expertmesh.model=" + model,
      "--expertmesh.expert.shard=s1",
      "--expertmesh.expert.replica=s1-r0",
      "--expertmesh.expert.split=1/2",
      "--expertmesh.expert.routers=127.0.0.1:" + router.getPort()
    };
  }

  private ConfigurableApplicationContext run(String model, String... more) {
    String[] args = arguments(model);
    String[] all = java.util.Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return new SpringApplication(ExpertApplication.class).run(all);
  }

  private static void await(LinkedBlockingQueue<ServiceState> states, ServiceState wanted)
      throws InterruptedException {
    ServiceState state = take(states);
    while (state != wanted) {
      state = take(states);
    }
  }

  private static <T> T take(LinkedBlockingQueue<T> queue) throws InterruptedException {
    T value = queue.poll(30, TimeUnit.SECONDS);
    if (value == null) {
      throw new AssertionError("nothing came within 30 s");
    }
    return value;
  }

  private final class PlayedRegistry extends RegistryGrpc.RegistryImplBase {
    @Override
    public StreamObserver<LeaseUpdate> join(StreamObserver<LeaseEvent> events) {
      return new StreamObserver<>() {
        @Override
        public void onNext(LeaseUpdate update) {
          updates.add(update);
          if (update.hasJoin()) {
            events.onNext(
                LeaseEvent.newBuilder().setAccepted(LeaseAccepted.getDefaultInstance()).build());
            leases.add(events); // only now may the test's thread write to it
          }
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
      };
    }
  }
}
