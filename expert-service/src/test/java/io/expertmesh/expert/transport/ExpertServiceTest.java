package io.expertmesh.expert.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.expert.core.ExpertEngine;
import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.expert.core.Goldens;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.CallStatus;
import io.expertmesh.protocol.v1.ExpertReply;
import io.expertmesh.protocol.v1.ExpertRequest;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The service over real sockets, with the experts of a reference checkpoint. */
class ExpertServiceTest {
  private final ComputePool pool = ComputePools.of(1);
  private final MeshNetty netty = new MeshNetty("expert-service-test");
  private final ExpertEngine engine = Goldens.engine("mixtral", DType.F32, "auto", pool, 64);
  private final int hidden = engine.weights().hidden();
  private final ExpertHost host =
      new ExpertHost(engine, 256, System::nanoTime, (block, pairs, nanos) -> {});
  private final ExpertService service = new ExpertService(System::nanoTime, netty.executor());
  private final Answers answers = new Answers();
  private final Thread compute = new Thread(host::run, "compute");
  private Server server;
  private ManagedChannel channel;
  private StreamObserver<RowMessage<ExpertRequest>> requests;

  @BeforeEach
  void start() throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(service);
    netty.customise(builder);
    server = builder.build().start();
    channel = netty.channel("127.0.0.1", server.getPort());
    service.serve(host);
    requests = stream(answers);
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow();
    host.stop();
    if (compute.isAlive()) {
      compute.join(Duration.ofSeconds(10));
    }
    netty.close();
    pool.close();
  }

  private StreamObserver<RowMessage<ExpertRequest>> stream(Answers to) {
    return ClientCalls.asyncBidiStreamingCall(
        channel.newCall(RowServices.COMPUTE, CallOptions.DEFAULT), to);
  }

  @Test
  void everyPairIsAnsweredWithItsExpertAppliedToItsRow() throws InterruptedException {
    compute.start();
    Random random = new Random(5);
    float[] rows = gaussian(random, 7 * hidden);
    ExpertRequest request =
        request(1, 1, 7).toBuilder()
            .addAllPairRows(java.util.List.of(0, 6, 3, 3, 6))
            .addAllPairExperts(java.util.List.of(2, 0, 1, 2, 2))
            .build();
    requests.onNext(RowMessage.of(request, rows));

    RowMessage<ExpertReply> reply = answers.next();
    assertThat(reply.header().getStatus()).isEqualTo(CallStatus.CALL_OK);
    assertThat(reply.header().getRowCount()).isEqualTo(5);
    assertThat(reply.header().getWeightsVersion()).isEqualTo(engine.weights().version());
    ExpertEngine reference = Goldens.engine("mixtral", DType.F32, "scalar", pool, 64);
    float[] expected = new float[hidden];
    for (int pair = 0; pair < 5; pair++) {
      int row = request.getPairRows(pair);
      int block = engine.weights().shard().block(1, request.getPairExperts(pair));
      reference.compute(
          block, Arrays.copyOfRange(rows, row * hidden, (row + 1) * hidden), 1, expected);
      assertThat(Arrays.copyOfRange(reply.rows(), pair * hidden, (pair + 1) * hidden))
          .as("pair %s", pair)
          .isEqualTo(expected);
    }
  }

  @Test
  void manyCallsOfTwoStreamsAreEachAnsweredOnce() throws InterruptedException {
    Answers others = new Answers();
    StreamObserver<RowMessage<ExpertRequest>> second = stream(others);
    float[] rows = gaussian(new Random(6), 2 * hidden);
    Map<Long, float[]> first = new HashMap<>();
    for (long id = 1; id <= 30; id++) {
      ExpertRequest request =
          request(id, 0, 2).toBuilder()
              .addPairRows(0)
              .addPairExperts((int) (id % 4))
              .addPairRows(1)
              .addPairExperts((int) ((id + 1) % 4))
              .build();
      requests.onNext(RowMessage.of(request, rows));
      second.onNext(RowMessage.of(request, rows));
    }
    // Everything waits, so that the batches pool calls of both streams.
    awaitInFlight(120);
    compute.start();
    for (int i = 0; i < 30; i++) {
      RowMessage<ExpertReply> reply = answers.next();
      assertThat(first.put(reply.header().getCallId(), reply.rows())).isNull();
    }
    for (int i = 0; i < 30; i++) {
      RowMessage<ExpertReply> reply = others.next();
      assertThat(first.remove(reply.header().getCallId())).isEqualTo(reply.rows());
    }
    assertThat(first).isEmpty();
  }

  private void awaitInFlight(int pairs) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (host.load().waitingPairs() != pairs) {
      assertThat(System.nanoTime()).as("%s pairs never waited", pairs).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void wrongRequestsAreAnsweredWithTheNameOfTheField() throws InterruptedException {
    compute.start();
    ExpertRequest good = request(1, 0, 1).toBuilder().addPairRows(0).addPairExperts(0).build();
    float[] row = new float[hidden];
    assertInvalid(RowMessage.of(good.toBuilder().setLayer(99).build(), row), "layer is 99");
    assertInvalid(RowMessage.of(good.toBuilder().setPairRows(0, 1).build(), row), "pair_rows[0]");
    assertInvalid(RowMessage.of(good.toBuilder().setPairRows(0, -1).build(), row), "pair_rows[0]");
    assertInvalid(
        RowMessage.of(good.toBuilder().setPairExperts(0, 50).build(), row),
        "pair_experts[0] is 50");
    assertInvalid(
        RowMessage.of(good.toBuilder().addPairRows(0).build(), row), "pair_rows has 2 entries");
    assertInvalid(
        RowMessage.of(
            good.toBuilder().setDtype(io.expertmesh.protocol.v1.DType.DTYPE_BF16).build(), row),
        "dtype is DTYPE_BF16");
    assertInvalid(
        RowMessage.of(good.toBuilder().setWidth(1).build(), new float[1]), "width is 1, the model");
    // The stream lives on.
    requests.onNext(RowMessage.of(good, row));
    assertThat(answers.next().header().getStatus()).isEqualTo(CallStatus.CALL_OK);
  }

  private void assertInvalid(RowMessage<ExpertRequest> message, String sentence)
      throws InterruptedException {
    requests.onNext(message);
    ExpertReply reply = answers.next().header();
    assertThat(reply.getStatus()).isEqualTo(CallStatus.CALL_INVALID);
    assertThat(reply.getError()).contains(sentence);
    assertThat(reply.getCallId()).isEqualTo(message.header().getCallId());
  }

  @Test
  void aFullQueueAnswersAtOnceWithoutComputing() throws InterruptedException {
    ExpertRequest.Builder many = request(1, 0, 1).toBuilder();
    for (int i = 0; i < 200; i++) {
      many.addPairRows(0).addPairExperts(0);
    }
    float[] row = new float[hidden];
    requests.onNext(RowMessage.of(many.build(), row));
    requests.onNext(RowMessage.of(many.setCallId(2).build(), row));

    ExpertReply refused = answers.next().header();
    assertThat(refused.getCallId()).isEqualTo(2);
    assertThat(refused.getStatus()).isEqualTo(CallStatus.CALL_OVERLOADED);
    compute.start();
    assertThat(answers.next().header().getCallId()).isEqualTo(1);
  }

  @Test
  void aDrainFinishesWhatWasTakenAndRefusesTheRest() throws InterruptedException {
    ExpertRequest taken = request(1, 0, 1).toBuilder().addPairRows(0).addPairExperts(0).build();
    float[] row = new float[hidden];
    requests.onNext(RowMessage.of(taken, row));
    awaitInFlight(1);
    host.drain();
    requests.onNext(RowMessage.of(taken.toBuilder().setCallId(2).build(), row));

    ExpertReply refused = answers.next().header();
    assertThat(refused.getCallId()).isEqualTo(2);
    assertThat(refused.getStatus()).isEqualTo(CallStatus.CALL_DRAINING);
    assertThat(host.awaitIdle(1000)).isFalse();
    compute.start();
    assertThat(host.awaitIdle(TimeUnit.SECONDS.toNanos(10))).isTrue();
    assertThat(answers.next().header().getStatus()).isEqualTo(CallStatus.CALL_OK);
    requests.onCompleted();
    assertThat(answers.end().isOk()).isTrue();
  }

  @Test
  void callsOfARouterThatLeftAreDropped() throws InterruptedException {
    ExpertRequest waiting = request(1, 0, 1).toBuilder().addPairRows(0).addPairExperts(0).build();
    requests.onNext(RowMessage.of(waiting, new float[hidden]));
    awaitInFlight(1);
    requests.onError(Status.CANCELLED.asRuntimeException());

    awaitInFlight(0);
    assertThat(host.step()).isFalse();
  }

  private ExpertRequest request(long callId, int layer, int rows) {
    return ExpertRequest.newBuilder()
        .setCallId(callId)
        .setLayer(layer)
        .setRowCount(rows)
        .setWidth(hidden)
        .setDtype(io.expertmesh.protocol.v1.DType.DTYPE_F32)
        .setTimeoutMicros(TimeUnit.SECONDS.toMicros(30))
        .build();
  }

  private static float[] gaussian(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Replies of a stream, waited for with a bound. */
  private static final class Answers implements StreamObserver<RowMessage<ExpertReply>> {
    private final LinkedBlockingQueue<RowMessage<ExpertReply>> replies =
        new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Status> ends = new LinkedBlockingQueue<>();

    @Override
    public void onNext(RowMessage<ExpertReply> reply) {
      replies.add(reply);
    }

    @Override
    public void onError(Throwable failure) {
      ends.add(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      ends.add(Status.OK);
    }

    RowMessage<ExpertReply> next() throws InterruptedException {
      RowMessage<ExpertReply> reply = replies.poll(10, TimeUnit.SECONDS);
      if (reply == null) {
        throw new AssertionError("no reply within 10 s; the stream ended with " + ends.peek());
      }
      return reply;
    }

    Status end() throws InterruptedException {
      Status status = ends.poll(10, TimeUnit.SECONDS);
      if (status == null) {
        throw new AssertionError("the stream did not end within 10 s");
      }
      return status;
    }
  }
}
