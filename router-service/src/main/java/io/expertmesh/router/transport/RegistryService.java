package io.expertmesh.router.transport;

import io.expertmesh.protocol.v1.LeaseEvent;
import io.expertmesh.protocol.v1.LeaseUpdate;
import io.expertmesh.protocol.v1.RegisteredReplica;
import io.expertmesh.protocol.v1.RegistryGrpc;
import io.expertmesh.protocol.v1.ReplicasReply;
import io.expertmesh.protocol.v1.ReplicasRequest;
import io.expertmesh.router.core.Registry;
import io.expertmesh.router.core.Replica;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/** Where replicas dial in, and where they can be looked up. On the router's event loop. */
final class RegistryService extends RegistryGrpc.RegistryImplBase {
  private final Replicas replicas;
  private final Registry registry;

  RegistryService(Replicas replicas, Registry registry) {
    this.replicas = replicas;
    this.registry = registry;
  }

  @Override
  public StreamObserver<LeaseUpdate> join(StreamObserver<LeaseEvent> events) {
    return new Lease(replicas, (ServerCallStreamObserver<LeaseEvent>) events);
  }

  @Override
  public void replicas(ReplicasRequest request, StreamObserver<ReplicasReply> observer) {
    ReplicasReply.Builder reply = ReplicasReply.newBuilder();
    registry.replicas().forEach(replica -> reply.addReplicas(toMessage(replica)));
    observer.onNext(reply.build());
    observer.onCompleted();
  }

  private static RegisteredReplica toMessage(Replica replica) {
    return RegisteredReplica.newBuilder()
        .setReplicaId(replica.id())
        .setShard(replica.offer().shard())
        .setAddress(replica.offer().address())
        .setLive(replica.live())
        .build();
  }
}
