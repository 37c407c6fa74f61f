package io.expertmesh.gateway.transport.engine;

import io.expertmesh.gateway.core.generation.Replica;
import io.expertmesh.gateway.core.generation.ReplicaBoard;
import io.expertmesh.gateway.core.generation.ReplicaDescription;
import io.expertmesh.gateway.core.generation.Timer;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.core.trace.Tracing;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.DescribeRequest;
import io.expertmesh.protocol.v1.GenerationGrpc;
import io.expertmesh.protocol.v1.ModelDescription;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The channels to all attention replicas. Asks each of them again and again what it serves and
 * whether it is ready, so that a lost one is known before a request meets it and a new one is used
 * at once.
 */
public final class AttentionReplicas implements AutoCloseable {
  private static final long DESCRIBE_TIMEOUT_MILLIS = 1000;

  private final MeshNetty netty;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final ReplicaBoard board;

  /**
   * @param addresses {@code host:port} each
   * @param executor runs callbacks of generations
   * @param tracing tells of every call that generates for a traced request
   */
  public AttentionReplicas(
      List<String> addresses, MeshNetty netty, Executor executor, Tracing tracing) {
    this.netty = netty;
    List<Replica> replicas = new ArrayList<>();
    for (HostPort address : HostPort.list("expertmesh.gateway.attention", addresses)) {
      ManagedChannel channel = netty.channel(address.host(), address.port());
      channels.add(channel);
      replicas.add(new Replica(address.toString(), new GrpcEngine(channel, executor, tracing)));
    }
    this.board = new ReplicaBoard(replicas);
  }

  /** The replicas with what they said last. */
  public ReplicaBoard board() {
    return board;
  }

  /** Time as the event loop keeps it. */
  public Timer timer() {
    return new Timer() {
      @Override
      public long nanos() {
        return System.nanoTime();
      }

      @Override
      public void after(long millis, Runnable task) {
        netty.after(millis, task);
      }
    };
  }

  /**
   * Begins to ask.
   *
   * @param everyMillis between an answer and the next question
   * @param modelId the name that replicas must serve under; others count as lost
   */
  public void start(long everyMillis, String modelId) {
    for (int i = 0; i < channels.size(); i++) {
      netty
          .executor()
          .execute(new Poll(board.replicas().get(i), channels.get(i), everyMillis, modelId));
    }
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  /** Asks one replica for ever. */
  private final class Poll implements Runnable, StreamObserver<ModelDescription> {
    private final Replica replica;
    private final ManagedChannel channel;
    private final long everyMillis;
    private final String modelId;
    private boolean missed;

    Poll(Replica replica, ManagedChannel channel, long everyMillis, String modelId) {
      this.replica = replica;
      this.channel = channel;
      this.everyMillis = everyMillis;
      this.modelId = modelId;
    }

    @Override
    public void run() {
      if (channel.isShutdown()) {
        return;
      }
      if (!replica.usable()) {
        channel.resetConnectBackoff();
      }
      GenerationGrpc.newStub(channel)
          .withDeadlineAfter(DESCRIBE_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
          .describe(DescribeRequest.getDefaultInstance(), this);
    }

    @Override
    public void onNext(ModelDescription message) {
      missed = false;
      ReplicaDescription description = GenerationMessages.description(message);
      if (description.modelId().equals(modelId)) {
        replica.described(description);
      } else {
        replica.lost("serves '" + description.modelId() + "', not '" + modelId + "'");
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (!missed && Status.fromThrowable(failure).getCode() == Status.Code.DEADLINE_EXCEEDED) {
        // One late answer may be this process's own fault: it shares the event loop with streams.
        missed = true;
        run();
        return;
      }
      replica.lost(String.valueOf(GrpcErrors.fromGrpc(failure).getMessage()));
      netty.after(everyMillis, this);
    }

    @Override
    public void onCompleted() {
      netty.after(everyMillis, this);
    }
  }
}
