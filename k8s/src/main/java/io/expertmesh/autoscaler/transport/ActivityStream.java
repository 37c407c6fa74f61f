package io.expertmesh.autoscaler.transport;

import io.expertmesh.autoscaler.core.ShardView;
import io.expertmesh.autoscaler.core.Snapshot;
import io.expertmesh.protocol.externalscaler.IsActiveResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells one caller whether a shard is active: at once if that is known, and at every change. */
final class ActivityStream {
  private final String shard;
  private final SnapshotBoard board;
  private final ServerCallStreamObserver<IsActiveResponse> observer;
  private final Consumer<Snapshot> listener = this::hear;
  private @Nullable Boolean told;

  ActivityStream(
      String shard, SnapshotBoard board, ServerCallStreamObserver<IsActiveResponse> observer) {
    this.shard = shard;
    this.board = board;
    this.observer = observer;
  }

  void open() {
    observer.setOnCancelHandler(() -> board.leave(listener));
    board.listen(listener);
    hear(board.latest());
  }

  private synchronized void hear(Snapshot snapshot) {
    if (snapshot.blind() || observer.isCancelled()) {
      return;
    }
    boolean active = snapshot.shard(shard).map(ShardView::active).orElse(false);
    if (told == null || told != active) {
      told = active;
      observer.onNext(KedaScaler.active(active));
    }
  }
}
