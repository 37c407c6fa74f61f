package io.expertmesh.router.transport;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.WeightMatrix;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.IntrospectionService;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.AssignmentsGrpc;
import io.expertmesh.protocol.v1.RegisteredReplica;
import io.expertmesh.protocol.v1.RegistryGrpc;
import io.expertmesh.protocol.v1.ReplicasRequest;
import io.expertmesh.protocol.v1.RoutedLayerGrpc;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.protocol.v1.RoutedRequest;
import io.expertmesh.router.core.DispatchLimits;
import io.expertmesh.router.core.Gate;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.RouteRequest;
import io.expertmesh.router.core.RouteResult;
import io.expertmesh.router.core.RouteSink;
import io.expertmesh.router.core.RoutedModel;
import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.SoftmaxTopK;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A router with one routed layer on a real port, and a caller on a real connection. */
final class RouterFixture implements AutoCloseable {
  static final long VERSION = 0x77;

  final BlockingQueue<RowMessage<RoutedReply>> replies = new LinkedBlockingQueue<>();
  final StatusBoard board = new StatusBoard("router-service", "r", System::nanoTime);
  private final Kernels kernels = KernelProviders.select("vector", DType.F32).kernels();
  private final MeshNetty netty = new MeshNetty("router");
  private final MeshNetty callerNetty = new MeshNetty("caller");
  private final RoutedModel model;
  private final Gates gates;
  private final RouterReactor reactor;
  private final Server server;
  private final ManagedChannel channel;
  private StreamObserver<RowMessage<RoutedRequest>> stream;

  RouterFixture(int width, int experts) throws IOException {
    model = new RoutedModel("m", VERSION, width, DType.F32, new int[] {experts});
    gates = gates(width, experts);
    reactor =
        new RouterReactor(
            "r",
            model,
            gates(width, experts),
            kernels,
            netty,
            board,
            new Random(1),
            DispatchLimits.standard());
    NettyServerBuilder builder = NettyServerBuilder.forPort(0);
    netty.customise(builder);
    server =
        builder
            .addService(reactor.routedLayerService())
            .addService(reactor.registryService())
            .addService(reactor.assignmentsService(gates(width, experts), kernels))
            .addService(new IntrospectionService(board))
            .build()
            .start();
    channel = callerNetty.channel("127.0.0.1", server.getPort());
    stream = openStream();
  }

  private StreamObserver<RowMessage<RoutedRequest>> openStream() {
    return ClientCalls.asyncBidiStreamingCall(
        channel.newCall(RowServices.ROUTE, CallOptions.DEFAULT),
        new StreamObserver<>() {
          @Override
          public void onNext(RowMessage<RoutedReply> reply) {
            replies.add(reply);
          }

          @Override
          public void onError(Throwable failure) {}

          @Override
          public void onCompleted() {}
        });
  }

  private Gates gates(int width, int experts) {
    Random random = new Random(42);
    MemorySegment weights = Arena.ofAuto().allocate((long) experts * width * Float.BYTES, 64);
    for (long i = 0; i < (long) experts * width; i++) {
      weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    WeightMatrix matrix = new WeightMatrix(DType.F32, experts, width, false, weights);
    return new Gates(
        List.of(
            new Gate(
                kernels.pack(matrix, DType.F32, Arena.ofAuto()),
                new SoftmaxTopK(GatingSpec.SoftmaxTopK.renormalized(2), experts, kernels))),
        kernels,
        ComputePools.of(1));
  }

  int port() {
    return server.getPort();
  }

  RouterReactor reactor() {
    return reactor;
  }

  AssignmentsGrpc.AssignmentsBlockingStub assignments() {
    return AssignmentsGrpc.newBlockingStub(channel);
  }

  RoutedLayerGrpc.RoutedLayerBlockingStub stub() {
    return RoutedLayerGrpc.newBlockingStub(channel);
  }

  /** Who gets calls, and who had a lease. */
  List<RegisteredReplica> replicas() {
    return RegistryGrpc.newBlockingStub(channel)
        .replicas(ReplicasRequest.getDefaultInstance())
        .getReplicasList();
  }

  /** Leaves, and comes back with a new stream. */
  void leave() {
    stream.onError(new IllegalStateException("the caller leaves"));
    stream = openStream();
  }

  void send(long callId, float[] rows, long timeoutMicros) {
    send(
        RoutedRequest.newBuilder()
            .setCallId(callId)
            .setRowCount(rows.length / model.width())
            .setWidth(model.width())
            .setDtype(io.expertmesh.protocol.v1.DType.DTYPE_F32)
            .setTimeoutMicros(timeoutMicros)
            .build(),
        rows);
  }

  void send(RoutedRequest header, float[] rows) {
    stream.onNext(RowMessage.of(header, rows));
  }

  float[] randomRows(int count) {
    Random random = new Random(9);
    float[] rows = new float[count * model.width()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    return rows;
  }

  /** The routed layer, computed here. */
  float[] direct(float[] rows) {
    int width = model.width();
    int count = rows.length / width;
    Assignments assignments = new Assignments();
    gates.assign(
        new RouteRequest(
            0, 0, count, rows, 0, new int[0], new int[0], 0, Long.MAX_VALUE, new NoSink()),
        assignments);
    float[] out = new float[rows.length];
    for (int pair = 0; pair < assignments.pairs(); pair++) {
      int at = assignments.row(pair) * width;
      for (int i = at; i < at + width; i++) {
        float value = rows[i] * (assignments.expert(pair) + 1);
        out[i] = Math.fma(assignments.weight(pair), value, out[i]);
      }
    }
    return out;
  }

  @Override
  public void close() {
    reactor.close().join();
    channel.shutdownNow();
    server.shutdownNow();
    netty.close();
    callerNetty.close();
  }

  private static final class NoSink implements RouteSink {
    @Override
    public void complete(RouteRequest request, RouteResult result) {
      throw new AssertionError("nobody called");
    }

    @Override
    public void fail(
        RouteRequest request, io.expertmesh.protocol.core.ErrorCode code, String message) {
      throw new AssertionError("nobody called");
    }
  }
}
