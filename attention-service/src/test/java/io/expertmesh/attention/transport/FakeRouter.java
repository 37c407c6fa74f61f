package io.expertmesh.attention.transport;

import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.DescribeRouterRequest;
import io.expertmesh.protocol.v1.RoutedLayerGrpc;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.protocol.v1.RoutedRequest;
import io.expertmesh.protocol.v1.RouterDescription;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A router that answers every row with its double, or not at all. */
final class FakeRouter implements AutoCloseable {
  final AtomicInteger requests = new AtomicInteger();

  /** Group lengths of every request so far. */
  final Queue<List<Integer>> groupLengths = new ConcurrentLinkedQueue<>();

  final AtomicInteger streams = new AtomicInteger();
  private final MeshNetty netty = new MeshNetty("fake-router");
  private final Server server;
  private volatile boolean silent;
  private volatile boolean ready = true;

  FakeRouter(String modelId) throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    netty.customise(builder);
    server =
        builder
            .addService(RowServices.routedLayer(new Description(modelId), this::route))
            .build()
            .start();
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  void silent(boolean value) {
    silent = value;
  }

  /** Whether it says that every expert has a replica. */
  void ready(boolean value) {
    ready = value;
  }

  @Override
  public void close() {
    server.shutdownNow();
    netty.close();
  }

  private StreamObserver<RowMessage<RoutedRequest>> route(
      StreamObserver<RowMessage<RoutedReply>> replies) {
    streams.incrementAndGet();
    return new StreamObserver<>() {
      @Override
      public void onNext(RowMessage<RoutedRequest> message) {
        requests.incrementAndGet();
        groupLengths.add(message.header().getGroupLengthsList());
        if (!silent) {
          replies.onNext(answer(message));
        }
      }

      @Override
      public void onError(Throwable failure) {
        // the client is gone
      }

      @Override
      public void onCompleted() {
        replies.onCompleted();
      }
    };
  }

  private static RowMessage<RoutedReply> answer(RowMessage<RoutedRequest> message) {
    RoutedRequest request = message.header();
    float[] rows = new float[message.length()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = 2 * message.rows()[message.offset() + i];
    }
    RoutedReply.Builder reply =
        RoutedReply.newBuilder()
            .setCallId(request.getCallId())
            .setRowCount(request.getRowCount())
            .setWidth(request.getWidth())
            .setDtype(request.getDtype())
            .addUnavailableRows(request.getRowCount() - 1)
            .setUnavailableDetail("layer 0 expert 1");
    if (request.getWantAssignments()) {
      assign(request, reply);
    }
    return RowMessage.of(reply.build(), rows);
  }

  /** The expert of a row is its token id; rows of odd ones lose a choice, expert 0, besides. */
  private static void assign(RoutedRequest request, RoutedReply.Builder reply) {
    for (int row = 0; row < request.getRowCount(); row++) {
      int token = request.getTokenIds(row);
      reply.addAssignmentCounts(1).addAssignmentExperts(token).addAssignmentWeights(token / 4f);
      if (token % 2 == 1) {
        reply.addDroppedRows(row).addDroppedExperts(0).addDroppedWeights(token / 8f);
      }
    }
  }

  private final class Description extends RoutedLayerGrpc.RoutedLayerImplBase {
    private final String modelId;

    Description(String modelId) {
      this.modelId = modelId;
    }

    @Override
    public void describeRouter(
        DescribeRouterRequest request, StreamObserver<RouterDescription> observer) {
      observer.onNext(
          RouterDescription.newBuilder()
              .setModelId(modelId)
              .setWeightsVersion(7)
              .setReady(ready)
              .build());
      observer.onCompleted();
    }
  }
}
