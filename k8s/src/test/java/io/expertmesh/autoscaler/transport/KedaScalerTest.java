package io.expertmesh.autoscaler.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.autoscaler.core.Autoscaler;
import io.expertmesh.autoscaler.core.ScalingPolicy;
import io.expertmesh.autoscaler.core.TenantCaps;
import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.externalscaler.ExternalScalerGrpc;
import io.expertmesh.protocol.externalscaler.ExternalScalerGrpc.ExternalScalerBlockingStub;
import io.expertmesh.protocol.externalscaler.GetMetricSpecResponse;
import io.expertmesh.protocol.externalscaler.GetMetricsRequest;
import io.expertmesh.protocol.externalscaler.IsActiveResponse;
import io.expertmesh.protocol.externalscaler.MetricSpec;
import io.expertmesh.protocol.externalscaler.MetricValue;
import io.expertmesh.protocol.externalscaler.ScaledObjectRef;
import io.expertmesh.protocol.transport.MeshNetty;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two scalers as KEDA calls them, over gRPC, in the order in which it does. */
@Timeout(60)
class KedaScalerTest {
  private static final ScalingPolicy POLICY = ScalingPolicy.standard().bounds(0, 4);
  private static final ScaledObjectRef REF = ref(Map.of("shard", "experts-0"));

  private final MeshNetty netty = new MeshNetty("keda-test");
  private final SnapshotBoard board = new SnapshotBoard();
  private final SnapshotBoard otherBoard = new SnapshotBoard();
  private final Autoscaler autoscaler = new Autoscaler(POLICY, Map.of(), TenantCaps.NONE);
  private final Autoscaler other = new Autoscaler(POLICY, Map.of(), TenantCaps.NONE);
  private Server server;
  private Server otherServer;
  private ManagedChannel channel;
  private ManagedChannel otherChannel;
  private ExternalScalerBlockingStub keda;
  private ExternalScalerBlockingStub otherKeda;
  private long second;

  @BeforeEach
  void start() throws IOException {
    server = serve(board);
    otherServer = serve(otherBoard);
    channel = netty.channel("127.0.0.1", server.getPort());
    otherChannel = netty.channel("127.0.0.1", otherServer.getPort());
    keda = ExternalScalerGrpc.newBlockingStub(channel);
    otherKeda = ExternalScalerGrpc.newBlockingStub(otherChannel);
  }

  private Server serve(SnapshotBoard answers) throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new KedaScaler(answers, POLICY.target()));
    netty.customise(builder);
    return builder.build().start();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    otherChannel.shutdownNow();
    server.shutdownNow();
    otherServer.shutdownNow();
    netty.close();
  }

  @Test
  void anHpaIsFedInKedasOrder() {
    // reconciliation: the HPA is made from the spec, before anything is known
    GetMetricSpecResponse spec = keda.getMetricSpec(REF);
    assertThat(spec.getMetricSpecsList())
        .containsExactly(
            MetricSpec.newBuilder()
                .setMetricName("expertmesh-demand-experts-0")
                .setTargetSizeFloat(0.7)
                .build());
    for (int i = 0; i < 5; i++) {
      second(1.4);
    }
    // every query: the spec again, the metric, the activity
    for (int query = 0; query < 3; query++) {
      second(1.4);
      assertThat(keda.getMetricSpec(REF)).isEqualTo(spec);
      assertThat(demand(keda)).isCloseTo(1.4, within(0.01));
      assertThat(keda.isActive(REF).getResult()).isTrue();
    }
  }

  @Test
  void staleNumbersAreAnErrorAndNeverZeroWhileTheSpecStaysAsItIs() {
    GetMetricSpecResponse spec = keda.getMetricSpec(REF);
    unavailable(() -> demand(keda));
    unavailable(() -> keda.isActive(REF));
    second(1.0);
    assertThat(demand(keda)).isCloseTo(1.0, within(0.01));
    pass(6);

    unavailable(() -> demand(keda));
    unavailable(() -> keda.isActive(REF));
    assertThat(keda.getMetricSpec(REF)).isEqualTo(spec);
  }

  @Test
  void twoReplicasOfTheScalerAnswerAlike() {
    for (int i = 0; i < 90; i++) {
      second(i % 7 * 0.2);
      assertThat(demand(otherKeda)).isEqualTo(demand(keda));
      assertThat(otherKeda.isActive(REF)).isEqualTo(keda.isActive(REF));
      assertThat(otherKeda.getMetricSpec(REF)).isEqualTo(keda.getMetricSpec(REF));
    }
  }

  @Test
  void aStreamTellsActivityAtOnceAndAtEveryChange() throws InterruptedException {
    second(0);
    Stream stream = new Stream();
    ExternalScalerGrpc.newStub(channel).streamIsActive(REF, stream);
    assertThat(stream.next()).isTrue();
    pass(1);
    for (int i = 0; i <= 300; i++) {
      second(0);
    }
    assertThat(stream.next()).isFalse();

    // stale numbers change nothing, and the stream stays open: an error would make KEDA back off
    pass(20);
    parked();
    assertThat(stream.next()).isTrue();
    assertThat(stream.ends).isEmpty();
  }

  @Test
  void aShardThatNobodyHasHeardOfHasNoDemandUntilRowsWaitForIt() {
    ScaledObjectRef cold = ref(Map.of("shard", "experts-9"));
    second(0.5);

    assertThat(keda.isActive(cold).getResult()).isFalse();
    second++;
    LoadEvent waiting = router(Map.of("experts-9", 3L));
    tell(List.of(waiting));

    assertThat(keda.isActive(cold).getResult()).isTrue();
  }

  @Test
  void wrongMetadataIsRefusedByTheNameOfItsKey() {
    refused(Map.of(), "metadata.shard is missing");
    refused(Map.of("shard", " "), "metadata.shard is missing");
    refused(Map.of("shard", "s", "targetUtilization", "70"), "metadata.targetUtilization is '70'");
    refused(Map.of("shard", "s", "targetUtilization", "x"), "metadata.targetUtilization is 'x'");
    refused(Map.of("shard", "s", "targetUtilisation", "0.5"), "metadata.targetUtilisation is not");
  }

  @Test
  void keysThatKedaPassesOnAreNoErrorAndTheTargetMayBeChosen() {
    GetMetricSpecResponse spec =
        keda.getMetricSpec(
            ref(
                Map.of(
                    "scalerAddress", "autoscaler:9090",
                    "enableTLS", "true",
                    "unsafeSsl", "false",
                    "shard", "experts/0",
                    "targetUtilization", "0.5")));

    assertThat(spec.getMetricSpecs(0).getTargetSizeFloat()).isEqualTo(0.5);
    assertThat(spec.getMetricSpecs(0).getMetricName()).isEqualTo("expertmesh-demand-experts-0");
  }

  @Test
  void aMetricOfAnotherShardIsRefused() {
    second(0.5);
    assertThatThrownBy(
            () ->
                keda.getMetrics(
                    GetMetricsRequest.newBuilder()
                        .setScaledObjectRef(REF)
                        .setMetricName("expertmesh-demand-experts-1")
                        .build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT));
  }

  private void refused(Map<String, String> metadata, String why) {
    for (Runnable call :
        List.<Runnable>of(
            () -> keda.getMetricSpec(ref(metadata)), () -> keda.isActive(ref(metadata)))) {
      assertThatThrownBy(call::run)
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT))
          .hasMessageContaining(why);
    }
  }

  private static void unavailable(Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
  }

  private static double demand(ExternalScalerBlockingStub stub) {
    List<MetricValue> values =
        stub.getMetrics(
                GetMetricsRequest.newBuilder()
                    .setScaledObjectRef(REF)
                    .setMetricName("expertmesh-demand-experts-0")
                    .build())
            .getMetricValuesList();
    assertThat(values).hasSize(1);
    return values.getFirst().getMetricValueFloat();
  }

  private static ScaledObjectRef ref(Map<String, String> metadata) {
    return ScaledObjectRef.newBuilder()
        .setName("experts-0")
        .setNamespace("mesh")
        .putAllScalerMetadata(metadata)
        .build();
  }

  /** Two replicas share a demand for a second. */
  private void second(double demand) {
    second++;
    tell(List.of(expert("a", demand / 2), expert("b", demand / 2)));
  }

  private void parked() {
    second++;
    tell(List.of(router(Map.of("experts-0", 2L))));
  }

  /** One reads at once and ticks often, the other reads all together. */
  private void tell(List<LoadEvent> events) {
    long at = second * 1000 - 500;
    for (LoadEvent event : events) {
      autoscaler.add(event, at);
      autoscaler.advance(at + 100);
    }
    autoscaler.advance(second * 1000);
    events.forEach(event -> other.add(event, at));
    other.advance(second * 1000 + 100);
    publish();
  }

  private void pass(int seconds) {
    second += seconds;
    autoscaler.advance(second * 1000);
    other.advance(second * 1000);
    publish();
  }

  private void publish() {
    board.publish(autoscaler.snapshot());
    otherBoard.publish(other.snapshot());
  }

  private LoadEvent expert(String replica, double busy) {
    long tokens = Math.round(busy * 1000);
    return new LoadEvent(
        LoadEvent.EXPERT_SERVICE,
        "experts-0",
        replica,
        "m",
        second,
        0,
        1000,
        false,
        tokens,
        tokens,
        tokens,
        busy,
        0,
        0,
        0,
        0,
        List.of(),
        Map.of(),
        Map.of());
  }

  private LoadEvent router(Map<String, Long> parked) {
    return new LoadEvent(
        "router-service",
        "",
        "router-1",
        "m",
        second,
        0,
        1000,
        false,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        List.of(),
        parked,
        Map.of());
  }

  private static final class Stream implements StreamObserver<IsActiveResponse> {
    private final BlockingQueue<Boolean> told = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

    @Override
    public void onNext(IsActiveResponse response) {
      told.add(response.getResult());
    }

    @Override
    public void onError(Throwable failure) {
      ends.add(String.valueOf(failure.getMessage()));
    }

    @Override
    public void onCompleted() {
      ends.add("completed");
    }

    boolean next() throws InterruptedException {
      Boolean next = told.poll(20, TimeUnit.SECONDS);
      assertThat(next).as("told within 20 s").isNotNull();
      return Boolean.TRUE.equals(next);
    }
  }
}
