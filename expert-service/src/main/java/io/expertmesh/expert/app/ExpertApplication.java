package io.expertmesh.expert.app;

import io.expertmesh.expert.transport.ExpertService;
import io.expertmesh.protocol.app.Management;
import io.expertmesh.protocol.app.MeshServer;
import io.expertmesh.protocol.app.ParentWatch;
import io.expertmesh.protocol.app.StartFailure;
import io.expertmesh.protocol.app.Telemetry;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.IntrospectionService;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.transport.StatusHealth;
import io.grpc.BindableService;
import java.util.concurrent.CompletableFuture;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerServicesAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/**
 * The expert-service: hosts one shard and serves it to routers. Only what it needs of Spring Boot
 * is switched on, so that many of these start quickly on one machine. A spare waits for its shard.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableConfigurationProperties(ExpertProperties.class)
@ImportAutoConfiguration({
  ConfigurationPropertiesAutoConfiguration.class,
  LifecycleAutoConfiguration.class,
  GrpcServerAutoConfiguration.class,
  GrpcServerServicesAutoConfiguration.class
})
@Import(MeshServer.class)
public class ExpertApplication {
  /** Starts the process. Exits with 1, after one sentence, if it cannot serve. */
  public static void main(String[] args) {
    CompletableFuture<String> assignment = new CompletableFuture<>();
    if (!ParentWatch.exitWithParent(args, assignment::complete)) {
      assignment.completeExceptionally(
          new MeshException(
              ErrorCode.INVALID_ARGUMENT,
              "expertmesh.expert.spare is true, but expertmesh.exit-with-parent is not: nobody"
                  + " could say what to host."));
    }
    try {
      ConfigurableApplicationContext context =
          new SpringApplication(ExpertApplication.class).run(args);
      start(context, assignment);
    } catch (RuntimeException e) {
      // Not by the logger: a context that failed has taken the logging down with it.
      System.err.println("expert-service cannot start: " + StartFailure.sentence(e));
      System.exit(1);
    }
  }

  static void start(ConfigurableApplicationContext context, CompletableFuture<String> assignment) {
    StatusBoard board = context.getBean(StatusBoard.class);
    ExpertReplica replica = context.getBean(ExpertReplica.class);
    ExpertProperties properties = context.getBean(ExpertProperties.class);
    try {
      if (properties.expert().spare()) {
        replica.warmUp(properties);
        properties = new Spare(context.getEnvironment(), board).await(assignment);
      }
      replica.start(properties, context.getBean(GrpcServerLifecycle.class).getPort());
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while it was getting warm", e);
    } catch (RuntimeException e) {
      board.state(ServiceState.FAILED, StartFailure.sentence(e));
      throw e;
    }
  }

  @Bean
  StatusBoard statusBoard(ExpertProperties properties) {
    StatusBoard board =
        new StatusBoard("expert-service", properties.expert().replicaName(), System::nanoTime);
    RowServices.FALLBACKS.showOn(board);
    return board;
  }

  @Bean
  MeshNetty meshNetty(MeshCredentials credentials) {
    return new MeshNetty("expert-net", credentials);
  }

  @Bean
  ExpertService expertService(MeshNetty netty) {
    return new ExpertService(System::nanoTime, netty.executor());
  }

  /** Complete by itself is ready: routers are dialled by the replica, and say who gets rows. */
  @Bean(destroyMethod = "close")
  Management management(Environment environment, StatusBoard board) {
    return Management.of(
        environment, board, state -> state == ServiceState.READY || state == ServiceState.WAITING);
  }

  @Bean
  IntrospectionService introspectionService(StatusBoard board) {
    return new IntrospectionService(board);
  }

  @Bean
  BindableService healthService(StatusBoard board) {
    return StatusHealth.of(board);
  }

  @Bean(destroyMethod = "close")
  Telemetry telemetry(Environment environment, StatusBoard board) {
    return Telemetry.of(environment::getProperty, board);
  }

  @Bean
  ExpertReplica expertReplica(
      StatusBoard board, MeshNetty netty, ExpertService service, Telemetry telemetry) {
    return new ExpertReplica(board, netty, service, telemetry, System::exit);
  }

  @Bean
  Leave leave(ExpertReplica replica) {
    return new Leave(replica);
  }

  /** The context closes before the gRPC server stops, so calls can still be answered here. */
  static final class Leave {
    private final ExpertReplica replica;

    Leave(ExpertReplica replica) {
      this.replica = replica;
    }

    @EventListener(ContextClosedEvent.class)
    void closing() {
      replica.stop();
    }
  }
}
