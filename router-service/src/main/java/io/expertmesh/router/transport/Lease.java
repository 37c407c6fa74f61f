package io.expertmesh.router.transport;

import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.v1.JoinRequest;
import io.expertmesh.protocol.v1.LeaseAccepted;
import io.expertmesh.protocol.v1.LeaseEjected;
import io.expertmesh.protocol.v1.LeaseEvent;
import io.expertmesh.protocol.v1.LeaseRejected;
import io.expertmesh.protocol.v1.LeaseUpdate;
import io.expertmesh.router.core.JoinResult;
import io.expertmesh.router.core.Replica;
import io.expertmesh.router.core.ReplicaOffer;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/** One replica's lease stream: it lives as long as the lease. */
final class Lease implements StreamObserver<LeaseUpdate> {
  private final Replicas replicas;
  private final ServerCallStreamObserver<LeaseEvent> events;
  private @Nullable Replica replica;
  private boolean ended;

  Lease(Replicas replicas, ServerCallStreamObserver<LeaseEvent> events) {
    this.replicas = replicas;
    this.events = events;
    events.setOnCancelHandler(this::gone);
  }

  @Override
  public void onNext(LeaseUpdate update) {
    if (ended) {
      return;
    }
    Replica joined = replica;
    switch (update.getUpdateCase()) {
      case JOIN -> join(update.getJoin());
      case LOAD -> {
        if (joined != null) {
          joined.report(Math.max(0, update.getLoad().getInFlightPairs()));
        }
      }
      case LEAVING -> {
        if (joined != null) {
          replicas.leaving(joined);
        }
      }
      case UPDATE_NOT_SET -> {
        // an update of a later version, which says nothing to us
      }
    }
  }

  private void join(JoinRequest request) {
    if (replica != null) {
      reject("join was sent twice on one stream");
      return;
    }
    ReplicaOffer offer;
    try {
      offer = Mapping.toOffer(request);
    } catch (MeshException e) {
      reject(String.valueOf(e.getMessage()));
      return;
    }
    switch (replicas.join(offer, this)) {
      case JoinResult.Rejected(String reason) -> reject(reason);
      case JoinResult.Accepted accepted -> {
        replica = accepted.replica();
        events.onNext(
            LeaseEvent.newBuilder()
                .setAccepted(LeaseAccepted.newBuilder().setRouterId(replicas.routerId()))
                .build());
        replicas.connect(accepted.replica());
      }
    }
  }

  private void reject(String reason) {
    end(LeaseEvent.newBuilder().setRejected(LeaseRejected.newBuilder().setReason(reason)).build());
  }

  /** Tells the replica that it is out, and why. */
  void eject(String reason) {
    end(LeaseEvent.newBuilder().setEjected(LeaseEjected.newBuilder().setReason(reason)).build());
  }

  private void end(LeaseEvent last) {
    if (!ended) {
      ended = true;
      if (!events.isCancelled()) {
        events.onNext(last);
        events.onCompleted();
      }
    }
  }

  @Override
  public void onError(Throwable failure) {
    gone();
  }

  @Override
  public void onCompleted() {
    gone();
    if (!events.isCancelled()) {
      events.onCompleted();
    }
  }

  private void gone() {
    if (!ended) {
      ended = true;
      if (replica != null) {
        replicas.lost(replica, "its lease ended");
      }
    }
  }
}
