package io.expertmesh.launcher.transport;

import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.ScalingGrpc;
import io.expertmesh.protocol.v1.ScalingPlan;
import io.expertmesh.protocol.v1.ShardPlan;
import io.expertmesh.protocol.v1.WatchPlanRequest;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Follows the plans of the autoscaler of a mesh on this machine. While it is not there nothing is
 * told, so whatever runs stays.
 */
public final class PlanFollower implements AutoCloseable {
  private static final long AGAIN_MILLIS = 1000;

  private final int port;
  private final MeshCredentials credentials;
  private final @Nullable MeshNetty netty;
  private final @Nullable ManagedChannel channel;
  private volatile List<String> shards;
  private volatile boolean closed;

  /**
   * @param port loopback port of the autoscaler; 0 if there is none, and nothing is ever told
   * @param shards the shards that the mesh has
   * @param credentials with which it is asked; closed with this
   */
  public PlanFollower(int port, List<String> shards, MeshCredentials credentials) {
    this.port = port;
    this.shards = List.copyOf(shards);
    this.credentials = Objects.requireNonNull(credentials, "credentials");
    netty = port == 0 ? null : new MeshNetty("scaling-plans", credentials);
    channel = netty == null ? null : netty.channel("127.0.0.1", port);
  }

  /** Begins to follow; tells the wanted replicas of those shards of which the plan says any. */
  public void start(Consumer<Map<String, Integer>> wanted) {
    plans(plan -> wanted.accept(wanted(plan)));
  }

  /** Begins to follow; tells whole plans, on a thread that must not be held up. */
  public void plans(Consumer<ScalingPlan> told) {
    if (channel != null && netty != null && !closed) {
      channel.resetConnectBackoff();
      ScalingGrpc.newStub(channel)
          .watch(
              WatchPlanRequest.newBuilder().addAllShards(shards).build(),
              new Plans(told, () -> netty.after(AGAIN_MILLIS, () -> plans(told))));
    }
  }

  /**
   * The mesh has other shards from now on. The autoscaler is told when it is asked the next time:
   * it is started again with every change of the placement.
   */
  public void follow(List<String> others) {
    shards = List.copyOf(others);
  }

  private static Map<String, Integer> wanted(ScalingPlan plan) {
    Map<String, Integer> wanted = new HashMap<>();
    for (ShardPlan shard : plan.getShardsList()) {
      if (shard.hasWanted()) {
        wanted.put(shard.getShard(), shard.getWanted());
      }
    }
    return wanted;
  }

  @Override
  public void close() {
    closed = true;
    if (channel != null && netty != null) {
      channel.shutdownNow();
      netty.close();
    }
    credentials.close();
  }

  @Override
  public String toString() {
    return "plans of 127.0.0.1:" + port;
  }

  private record Plans(Consumer<ScalingPlan> told, Runnable again)
      implements StreamObserver<ScalingPlan> {
    @Override
    public void onNext(ScalingPlan plan) {
      told.accept(plan);
    }

    @Override
    public void onError(Throwable failure) {
      again.run();
    }

    @Override
    public void onCompleted() {
      again.run();
    }
  }
}
