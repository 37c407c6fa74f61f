package io.expertmesh.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.RowLimits;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.ExpertGrpc;
import io.expertmesh.protocol.v1.ExpertReply;
import io.expertmesh.protocol.v1.ExpertRequest;
import io.expertmesh.protocol.v1.IntrospectionGrpc;
import io.expertmesh.protocol.v1.ServiceStatus;
import io.expertmesh.protocol.v1.StatusRequest;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows over real sockets: an Expert service that sends back what it got. */
class RowLoopbackTest {
  private final MeshNetty netty = new MeshNetty("loopback-test");
  private final StatusBoard board = new StatusBoard("test", "1", System::nanoTime);
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(RowServices.expert(RowLoopbackTest::echo))
            .addService(new IntrospectionService(board))
            .addService(StatusHealth.of(board))
            .addService(ProtoReflectionServiceV1.newInstance());
    netty.customise(builder);
    server = builder.build().start();
    channel = netty.channel("127.0.0.1", server.getPort());
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
    netty.close();
  }

  private static StreamObserver<RowMessage<ExpertRequest>> echo(
      StreamObserver<RowMessage<ExpertReply>> replies) {
    return new StreamObserver<>() {
      @Override
      public void onNext(RowMessage<ExpertRequest> request) {
        replies.onNext(
            new RowMessage<>(
                ExpertReply.newBuilder()
                    .setCallId(request.header().getCallId())
                    .setRowCount(request.header().getRowCount())
                    .setWidth(request.header().getWidth())
                    .setDtype(request.header().getDtype())
                    .build(),
                request.rows(),
                request.offset(),
                request.length()));
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {
        replies.onCompleted();
      }
    };
  }

  @Test
  void rowsOfEverySizeTakeTheFastPathBothWays() throws InterruptedException {
    Random random = new Random(11);
    long before = RowServices.FALLBACKS.total();
    Answers<RowMessage<ExpertReply>> answers = new Answers<>();
    StreamObserver<RowMessage<ExpertRequest>> requests =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(RowServices.COMPUTE, CallOptions.DEFAULT), answers);
    for (DType dtype : new DType[] {DType.DTYPE_F32, DType.DTYPE_BF16}) {
      int most = RowLimits.maxRows(1024, dtype == DType.DTYPE_F32 ? 4 : 2);
      for (int rows : new int[] {0, 1, 3, 31, most}) {
        ExpertRequest header = RowMessages.expertRequest(random, rows, 1024, dtype);
        float[] payload = RowMessages.rows(random, rows * 1024, dtype);
        requests.onNext(RowMessage.of(header, payload));

        RowMessage<ExpertReply> reply = answers.next();
        assertThat(reply.header().getCallId()).isEqualTo(header.getCallId());
        assertThat(Arrays.copyOf(reply.rows(), reply.length())).isEqualTo(payload);
      }
    }
    requests.onCompleted();
    assertThat(answers.end().isOk()).isTrue();
    assertThat(RowServices.FALLBACKS.total()).isEqualTo(before);
  }

  @Test
  void aGeneratedClientIsUnderstood() throws InterruptedException {
    Random random = new Random(12);
    Answers<ExpertReply> answers = new Answers<>();
    StreamObserver<ExpertRequest> requests = ExpertGrpc.newStub(channel).compute(answers);
    float[] rows = RowMessages.rows(random, 21, DType.DTYPE_BF16);
    ExpertRequest request =
        RowMessages.expertRequest(random, 3, 7, DType.DTYPE_BF16).toBuilder()
            .setRows(RowMessages.payload(rows, DType.DTYPE_BF16))
            .build();
    requests.onNext(request);

    assertThat(answers.next().getRows()).isEqualTo(request.getRows());
  }

  @Test
  void aBrokenMessageEndsTheStreamWithASentence() throws InterruptedException {
    Answers<ExpertReply> answers = new Answers<>();
    StreamObserver<ExpertRequest> requests = ExpertGrpc.newStub(channel).compute(answers);
    requests.onNext(
        ExpertRequest.newBuilder().setRowCount(2).setWidth(3).setDtype(DType.DTYPE_F32).build());

    Status end = answers.end();
    assertThat(end.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(end.getDescription()).contains("row_count 2 × width 3");
  }

  @Test
  void reflectionStillTellsTheSchema() throws InterruptedException {
    Answers<ServerReflectionResponse> answers = new Answers<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(channel).serverReflectionInfo(answers);
    requests.onNext(
        ServerReflectionRequest.newBuilder()
            .setFileContainingSymbol("expertmesh.v1.Expert.Compute")
            .build());

    assertThat(answers.next().getFileDescriptorResponse().getFileDescriptorProtoCount())
        .isPositive();
  }

  @Test
  void healthFollowsTheBoard() throws InterruptedException {
    assertThat(health()).isEqualTo(ServingStatus.NOT_SERVING);
    board.state(ServiceState.READY, "");
    assertThat(health()).isEqualTo(ServingStatus.SERVING);
    board.state(ServiceState.DRAINING, "leaving");
    assertThat(health()).isEqualTo(ServingStatus.NOT_SERVING);
  }

  private ServingStatus health() throws InterruptedException {
    Answers<io.grpc.health.v1.HealthCheckResponse> answers = new Answers<>();
    HealthGrpc.newStub(channel).check(HealthCheckRequest.getDefaultInstance(), answers);
    return answers.next().getStatus();
  }

  @Test
  void introspectionTellsWhatTheBoardSays() throws InterruptedException {
    board.state(ServiceState.PACKING, "packing experts");
    board.progress(0.25);
    board.counter("retries").add(3);
    Answers<ServiceStatus> answers = new Answers<>();
    IntrospectionGrpc.newStub(channel).status(StatusRequest.getDefaultInstance(), answers);

    ServiceStatus status = answers.next();
    assertThat(status.getStateValue()).isEqualTo(3);
    assertThat(status.getDetail()).isEqualTo("packing experts");
    assertThat(status.getProgress()).isEqualTo(0.25);
    assertThat(status.getCountersMap()).containsEntry("retries", 3L);
    assertThat(status.getPid()).isEqualTo(ProcessHandle.current().pid());
  }

  /** Replies of a call, waited for with a bound. */
  private static final class Answers<T> implements StreamObserver<T> {
    private final LinkedBlockingQueue<T> values = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Status> ends = new LinkedBlockingQueue<>();

    @Override
    public void onNext(T value) {
      values.add(value);
    }

    @Override
    public void onError(Throwable failure) {
      ends.add(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      ends.add(Status.OK);
    }

    T next() throws InterruptedException {
      T value = values.poll(10, TimeUnit.SECONDS);
      if (value == null) {
        throw new AssertionError("no reply within 10 s; the call ended with " + ends.peek());
      }
      return value;
    }

    Status end() throws InterruptedException {
      Status status = ends.poll(10, TimeUnit.SECONDS);
      if (status == null) {
        throw new AssertionError("the call did not end within 10 s");
      }
      return status;
    }
  }
}
