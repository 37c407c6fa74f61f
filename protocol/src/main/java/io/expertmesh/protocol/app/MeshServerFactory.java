package io.expertmesh.protocol.app;

import io.expertmesh.protocol.transport.MeshNetty;
import io.grpc.ServerCredentials;
import java.util.List;
import org.springframework.grpc.server.NettyGrpcServerFactory;

/** Makes the gRPC server of a service: on its one event loop, with its credentials. */
final class MeshServerFactory extends NettyGrpcServerFactory {
  private final MeshNetty netty;

  MeshServerFactory(String address, MeshNetty netty) {
    super(address, List.of(netty::customise), null, null, null);
    this.netty = netty;
  }

  @Override
  protected ServerCredentials credentials() {
    return netty.serverCredentials();
  }
}
