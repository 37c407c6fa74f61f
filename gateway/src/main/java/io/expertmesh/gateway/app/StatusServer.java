package io.expertmesh.gateway.app;

import io.expertmesh.gateway.core.generation.ReplicaDescription;
import io.expertmesh.gateway.transport.engine.AttentionReplicas;
import io.expertmesh.gateway.transport.http.GatewayMetrics;
import io.expertmesh.protocol.app.Telemetry;
import io.expertmesh.protocol.core.LoadSource;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.IntrospectionService;
import io.expertmesh.protocol.transport.MeshNetty;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.Environment;

/**
 * Status, health and reflection over gRPC for the operator's tools, and load events, where {@code
 * expertmesh.grpc.port} is set.
 */
final class StatusServer implements SmartLifecycle {
  private static final long LOOK_MILLIS = 200;

  private final GatewaySettings settings;
  private final AttentionReplicas replicas;
  private final GatewayMetrics metrics;
  private final MeshNetty netty;
  private final Draining draining;
  private final StatusBoard board =
      new StatusBoard("gateway", "gateway-" + ProcessHandle.current().pid(), System::nanoTime);
  private final HealthStatusManager health = new HealthStatusManager();
  private final Telemetry telemetry;

  private @Nullable Server server;
  private @Nullable Future<?> looking;
  private long tokensSeen;

  StatusServer(
      GatewaySettings settings,
      AttentionReplicas replicas,
      GatewayMetrics metrics,
      MeshNetty netty,
      Draining draining,
      Environment environment) {
    this.settings = settings;
    this.replicas = replicas;
    this.metrics = metrics;
    this.netty = netty;
    this.draining = draining;
    this.telemetry = Telemetry.of(environment::getProperty, board);
  }

  @Override
  public void start() {
    if (settings.grpc().port() == 0) {
      return;
    }
    board.gauges(() -> 0, metrics::inFlight);
    LoadSource tokens = LoadSource.of(board);
    telemetry.start(() -> tokens.take().withTenants(metrics.takeTenants()));
    look();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
            new InetSocketAddress(settings.grpc().host(), settings.grpc().port()),
            netty.serverCredentials());
    netty.customise(builder);
    try {
      server =
          builder
              .addService(new IntrospectionService(board))
              .addService(health.getHealthService())
              .addService(ProtoReflectionServiceV1.newInstance())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("expertmesh.grpc.port: port " + settings.grpc().port() + " is taken", e));
    }
    looking = netty.every(LOOK_MILLIS, this::look);
  }

  @Override
  public void stop() {
    telemetry.close();
    Future<?> task = looking;
    if (task != null) {
      task.cancel(false);
    }
    Server running = server;
    if (running != null) {
      running.shutdownNow();
      server = null;
    }
  }

  @Override
  public boolean isRunning() {
    return server != null;
  }

  private void look() {
    boolean ready = replicas.board().usable();
    ServiceState state =
        draining.getAsBoolean()
            ? ServiceState.DRAINING
            : ready ? ServiceState.READY : ServiceState.WAITING;
    board.state(state, replicas.board().trouble());
    ReplicaDescription known = replicas.board().description();
    if (known != null) {
      board.model(known.modelId(), known.weightsVersion(), known.numericsClass());
    }
    long tokens = metrics.generatedTokens();
    board.addTokens(tokens - tokensSeen);
    tokensSeen = tokens;
    health.setStatus("", ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  }
}
