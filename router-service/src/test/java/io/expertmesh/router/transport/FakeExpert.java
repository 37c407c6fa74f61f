package io.expertmesh.router.transport;

import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.ExpertReply;
import io.expertmesh.protocol.v1.ExpertRequest;
import io.expertmesh.protocol.v1.JoinRequest;
import io.expertmesh.protocol.v1.LayerExperts;
import io.expertmesh.protocol.v1.LeaseEvent;
import io.expertmesh.protocol.v1.LeaseUpdate;
import io.expertmesh.protocol.v1.Leaving;
import io.expertmesh.protocol.v1.RegistryGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A replica that speaks the real protocol: its expert e multiplies rows by e + 1. */
final class FakeExpert implements AutoCloseable {
  /** What it does with a request. */
  enum Manner {
    ANSWER,
    ANSWER_NAN,
    SWALLOW
  }

  final AtomicInteger asked = new AtomicInteger();
  final BlockingQueue<LeaseEvent> events = new LinkedBlockingQueue<>();
  volatile Manner manner = Manner.ANSWER;
  private final MeshNetty netty;
  private final Server server;
  private final ManagedChannel registry;
  private final StreamObserver<LeaseUpdate> lease;

  FakeExpert(String replica, int width, int from, int to, int routerPort, String numericsClass)
      throws IOException {
    netty = new MeshNetty("expert-" + replica);
    NettyServerBuilder builder = NettyServerBuilder.forPort(0);
    netty.customise(builder);
    server = builder.addService(RowServices.expert(Answers::new)).build().start();
    registry = netty.channel("127.0.0.1", routerPort);
    lease =
        RegistryGrpc.newStub(registry)
            .join(
                new StreamObserver<>() {
                  @Override
                  public void onNext(LeaseEvent event) {
                    events.add(event);
                  }

                  @Override
                  public void onError(Throwable failure) {}

                  @Override
                  public void onCompleted() {}
                });
    LayerExperts.Builder experts = LayerExperts.newBuilder().setLayer(0);
    for (int expert = from; expert < to; expert++) {
      experts.addExperts(expert);
    }
    lease.onNext(
        LeaseUpdate.newBuilder()
            .setJoin(
                JoinRequest.newBuilder()
                    .setReplicaId(replica)
                    .setShard("s" + from)
                    .setAddress("127.0.0.1:" + server.getPort())
                    .setModelId("m")
                    .setWeightsVersion(RouterFixture.VERSION)
                    .setNumericsClass(numericsClass)
                    .setWidth(width)
                    .setDtype(DType.DTYPE_F32)
                    .addExperts(experts))
            .build());
  }

  void leave() {
    lease.onNext(LeaseUpdate.newBuilder().setLeaving(Leaving.getDefaultInstance()).build());
  }

  /** Dies as a killed process does: all its connections break. */
  void die() {
    server.shutdownNow();
    registry.shutdownNow();
    netty.close();
  }

  @Override
  public void close() {
    die();
  }

  private final class Answers implements StreamObserver<RowMessage<ExpertRequest>> {
    private final StreamObserver<RowMessage<ExpertReply>> replies;

    Answers(StreamObserver<RowMessage<ExpertReply>> replies) {
      this.replies = replies;
    }

    @Override
    public void onNext(RowMessage<ExpertRequest> message) {
      asked.incrementAndGet();
      if (manner == Manner.SWALLOW) {
        return;
      }
      ExpertRequest header = message.header();
      int width = header.getWidth();
      int pairs = header.getPairRowsCount();
      float[] rows = new float[pairs * width];
      for (int pair = 0; pair < pairs; pair++) {
        int source = message.offset() + header.getPairRows(pair) * width;
        int factor = header.getPairExperts(pair) + 1;
        for (int i = 0; i < width; i++) {
          rows[pair * width + i] = message.rows()[source + i] * factor;
        }
      }
      if (manner == Manner.ANSWER_NAN) {
        rows[0] = Float.NaN;
      }
      replies.onNext(
          RowMessage.of(
              ExpertReply.newBuilder()
                  .setCallId(header.getCallId())
                  .setRowCount(pairs)
                  .setWidth(width)
                  .setDtype(DType.DTYPE_F32)
                  .setWeightsVersion(RouterFixture.VERSION)
                  .build(),
              rows));
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      replies.onCompleted();
    }
  }
}
