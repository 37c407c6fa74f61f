package io.expertmesh.protocol.transport;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;

/** With what a process takes and makes connections. */
public interface MeshCredentials extends AutoCloseable {
  /** Plain text and no proof of who calls: for processes that see each other on loopback only. */
  static MeshCredentials plain() {
    return new MeshCredentials() {
      @Override
      public ServerCredentials server() {
        return InsecureServerCredentials.create();
      }

      @Override
      public ChannelCredentials channel() {
        return InsecureChannelCredentials.create();
      }

      @Override
      public void close() {}
    };
  }

  /** For servers. */
  ServerCredentials server();

  /** For channels. */
  ChannelCredentials channel();

  @Override
  void close();
}
