package io.expertmesh.autoscaler.transport;

import io.expertmesh.autoscaler.core.ShardLoad;
import io.expertmesh.autoscaler.core.ShardView;
import io.expertmesh.autoscaler.core.Snapshot;
import io.expertmesh.protocol.v1.ScalingGrpc;
import io.expertmesh.protocol.v1.ScalingPlan;
import io.expertmesh.protocol.v1.ShardPlan;
import io.expertmesh.protocol.v1.WatchPlanRequest;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.function.Consumer;

/** Streams every snapshot to whoever runs replicas. A reader that is slow misses some. */
public final class ScalingService extends ScalingGrpc.ScalingImplBase {
  private final SnapshotBoard board;

  public ScalingService(SnapshotBoard board) {
    this.board = Objects.requireNonNull(board, "board");
  }

  @Override
  public void watch(WatchPlanRequest request, StreamObserver<ScalingPlan> observer) {
    ServerCallStreamObserver<ScalingPlan> plans = (ServerCallStreamObserver<ScalingPlan>) observer;
    request.getShardsList().forEach(board::askFor);
    Consumer<Snapshot> listener =
        snapshot -> {
          synchronized (plans) {
            if (!plans.isCancelled() && plans.isReady()) {
              plans.onNext(toMessage(snapshot));
            }
          }
        };
    plans.setOnCancelHandler(() -> board.leave(listener));
    board.listen(listener);
    listener.accept(board.latest());
  }

  private static ScalingPlan toMessage(Snapshot snapshot) {
    ScalingPlan.Builder plan =
        ScalingPlan.newBuilder().setAtMillis(snapshot.atMillis()).setBlind(snapshot.blind());
    snapshot.views().forEach(view -> plan.addShards(toMessage(view)));
    return plan.build();
  }

  private static ShardPlan toMessage(ShardView view) {
    ShardLoad load = view.load();
    ShardPlan.Builder plan =
        ShardPlan.newBuilder()
            .setShard(load.shard())
            .setReplicas(load.replicas())
            .setLeaving(load.leaving())
            .setDemand(view.demand())
            .setTarget(view.policy().target())
            .setUtilisation(load.utilisation())
            .setTokensPerSecond(load.tokensPerSecond())
            .setQueuedTokens(load.queuedTokens())
            .setQueueP99Millis(load.queueP99Millis())
            .setParkedPerSecond(load.parkedPerSecond())
            .setReason(view.decision().reason())
            .putAllExperts(load.experts());
    if (view.decision().known()) {
      plan.setWanted(view.decision().wanted());
    }
    return plan.build();
  }
}
