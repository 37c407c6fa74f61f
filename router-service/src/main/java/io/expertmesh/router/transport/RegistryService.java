package io.expertmesh.router.transport;

import io.expertmesh.protocol.v1.LeaseEvent;
import io.expertmesh.protocol.v1.LeaseUpdate;
import io.expertmesh.protocol.v1.RegistryGrpc;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/** Where replicas dial in. */
final class RegistryService extends RegistryGrpc.RegistryImplBase {
  private final Replicas replicas;

  RegistryService(Replicas replicas) {
    this.replicas = replicas;
  }

  @Override
  public StreamObserver<LeaseUpdate> join(StreamObserver<LeaseEvent> events) {
    return new Lease(replicas, (ServerCallStreamObserver<LeaseEvent>) events);
  }
}
