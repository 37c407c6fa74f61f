package io.expertmesh.launcher.transport;

import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.ServiceReport;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.IntrospectionGrpc;
import io.expertmesh.protocol.v1.RegisteredReplica;
import io.expertmesh.protocol.v1.RegistryGrpc;
import io.expertmesh.protocol.v1.ReplicasRequest;
import io.expertmesh.protocol.v1.ServiceStatus;
import io.expertmesh.protocol.v1.StatusRequest;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Asks services on this machine how they are. Channels are kept between questions. For one thread.
 */
public final class Introspection implements AutoCloseable {
  private static final long ANSWER_MILLIS = 3_000;
  private static final String PREFIX = "SERVICE_STATE_";

  private final MeshCredentials credentials;
  private final MeshNetty netty;
  private final Map<Integer, ManagedChannel> channels = new HashMap<>();

  /**
   * @param credentials with which the services are asked; closed with this
   */
  public Introspection(MeshCredentials credentials) {
    this.credentials = credentials;
    this.netty = new MeshNetty("introspection", credentials);
  }

  /** What a process says of itself; of a broker, which says nothing, whether it listens. */
  public Optional<ServiceReport> ask(ServiceKind kind, int port) {
    return kind == ServiceKind.KAFKA ? listens(port) : ask(port);
  }

  private static Optional<ServiceReport> listens(int port) {
    try {
      new Socket(InetAddress.getLoopbackAddress(), port).close();
      return Optional.of(ServiceReport.of(ServiceReport.READY));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * What the service says of itself; empty if it does not answer within 3 seconds.
   *
   * @param port loopback port of its gRPC server
   */
  public Optional<ServiceReport> ask(int port) {
    try {
      return Optional.of(
          report(
              IntrospectionGrpc.newBlockingStub(channel(port))
                  .withDeadlineAfter(ANSWER_MILLIS, TimeUnit.MILLISECONDS)
                  .status(StatusRequest.getDefaultInstance())));
    } catch (StatusRuntimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Addresses of the replicas that a router sends rows to; none if it does not answer.
   *
   * @param port loopback port of its gRPC server
   */
  public Set<String> liveReplicas(int port) {
    try {
      return RegistryGrpc.newBlockingStub(channel(port))
          .withDeadlineAfter(ANSWER_MILLIS, TimeUnit.MILLISECONDS)
          .replicas(ReplicasRequest.getDefaultInstance())
          .getReplicasList()
          .stream()
          .filter(RegisteredReplica::getLive)
          .map(RegisteredReplica::getAddress)
          .collect(Collectors.toSet());
    } catch (StatusRuntimeException e) {
      return Set.of();
    }
  }

  private ManagedChannel channel(int port) {
    ManagedChannel channel = channels.computeIfAbsent(port, p -> netty.channel("127.0.0.1", p));
    // A service that was not there a moment ago is dialled again now, not after a back-off.
    channel.resetConnectBackoff();
    return channel;
  }

  private static ServiceReport report(ServiceStatus status) {
    String state = status.getState().name();
    return new ServiceReport(
        state.startsWith(PREFIX)
            ? state.substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '-')
            : "unknown",
        status.getDetail(),
        status.getProgress(),
        status.getTokensPerSecond(),
        status.getQueueDepth(),
        status.getP50Millis(),
        status.getP99Millis(),
        status.getResidentBytes());
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
    netty.close();
    credentials.close();
  }
}
