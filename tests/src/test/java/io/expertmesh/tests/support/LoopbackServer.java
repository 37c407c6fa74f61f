package io.expertmesh.tests.support;

import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.transport.MeshNetty;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** gRPC servers on free ports of the loopback interface. */
final class LoopbackServer {
  private LoopbackServer() {}

  static Server start(MeshNetty netty, BindableService... services) {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    netty.customise(builder);
    for (BindableService service : services) {
      builder.addService(service);
    }
    try {
      return builder.build().start();
    } catch (IOException e) {
      netty.close();
      throw new UncheckedIOException(e);
    }
  }

  static HostPort address(Server server) {
    return new HostPort("127.0.0.1", server.getPort());
  }
}
