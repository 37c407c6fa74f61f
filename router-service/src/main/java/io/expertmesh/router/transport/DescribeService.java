package io.expertmesh.router.transport;

import io.expertmesh.protocol.v1.DescribeRouterRequest;
import io.expertmesh.protocol.v1.RoutedLayerGrpc;
import io.expertmesh.protocol.v1.RouterDescription;
import io.expertmesh.router.core.Registry;
import io.grpc.stub.StreamObserver;

/** Tells callers what this router computes with, and whether it can. */
final class DescribeService extends RoutedLayerGrpc.RoutedLayerImplBase {
  private final Registry registry;

  DescribeService(Registry registry) {
    this.registry = registry;
  }

  @Override
  public void describeRouter(
      DescribeRouterRequest request, StreamObserver<RouterDescription> observer) {
    observer.onNext(
        RouterDescription.newBuilder()
            .setModelId(registry.model().modelId())
            .setWeightsVersion(registry.model().weightsVersion())
            .setNumericsClass(registry.numericsClass())
            .setReady(registry.ready())
            .setMissing(registry.missing())
            .build());
    observer.onCompleted();
  }
}
