package io.expertmesh.attention.app;

import io.expertmesh.attention.transport.GenerationService;
import io.expertmesh.protocol.app.Management;
import io.expertmesh.protocol.app.MeshServer;
import io.expertmesh.protocol.app.ParentWatch;
import io.expertmesh.protocol.app.StartFailure;
import io.expertmesh.protocol.app.Telemetry;
import io.expertmesh.protocol.app.TracingSettings;
import io.expertmesh.protocol.core.LoadSource;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.core.trace.Tracing;
import io.expertmesh.protocol.transport.IntrospectionService;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.transport.StatusHealth;
import io.grpc.BindableService;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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

/**
 * The attention-service: runs generations and reaches the routed experts through routers. Only what
 * it needs of Spring Boot is switched on.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableConfigurationProperties(AttentionProperties.class)
@ImportAutoConfiguration({
  ConfigurationPropertiesAutoConfiguration.class,
  LifecycleAutoConfiguration.class,
  GrpcServerAutoConfiguration.class,
  GrpcServerServicesAutoConfiguration.class
})
@Import(MeshServer.class)
public class AttentionApplication {
  /** In code, because the services may share one class path and with it one properties file. */
  private static final Map<String, Object> DEFAULTS =
      Map.ofEntries(
          Map.entry("spring.application.name", "attention-service"),
          Map.entry("spring.main.banner-mode", "off"),
          Map.entry("spring.main.web-application-type", "none"),
          Map.entry("spring.main.log-startup-info", "false"),
          Map.entry("spring.grpc.server.shutdown.grace-period", "2s"),
          // the server's own list of services is not news
          Map.entry("logging.level.io.expertmesh.protocol.app.MeshServerFactory", "warn"),
          // what Kafka's client cannot reach is counted, not told again and again
          Map.entry("logging.level.org.apache.kafka", "off"),
          // a failed start is told in one sentence, by main
          Map.entry("logging.level.org.springframework.boot.SpringApplication", "off"),
          Map.entry("logging.level.org.springframework.boot.diagnostics", "off"),
          Map.entry("logging.level.org.springframework.boot.autoconfigure.logging", "off"),
          Map.entry("logging.level.org.springframework.context", "off"),
          Map.entry("logging.pattern.console", "%d{HH:mm:ss.SSS} %-5level attention: %msg%n"));

  /** Starts the process. Exits with 1, after one sentence, if it cannot serve. */
  public static void main(String[] args) {
    ParentWatch.exitWithParent(args);
    try {
      SpringApplication application = new SpringApplication(AttentionApplication.class);
      application.setDefaultProperties(DEFAULTS);
      ConfigurableApplicationContext context = application.run(args);
      start(context);
    } catch (RuntimeException | Error e) {
      // Not by the logger: a context that failed has taken the logging down with it.
      System.err.println("attention-service cannot start: " + StartFailure.sentence(e));
      System.exit(1);
    }
  }

  private static void start(ConfigurableApplicationContext context) {
    StatusBoard board = context.getBean(StatusBoard.class);
    try {
      context.getBean(AttentionNode.class).start();
    } catch (RuntimeException | Error e) {
      board.state(ServiceState.FAILED, StartFailure.sentence(e));
      throw e;
    }
  }

  @Bean
  StatusBoard statusBoard() {
    StatusBoard board =
        new StatusBoard(
            "attention-service", "attention-" + ProcessHandle.current().pid(), System::nanoTime);
    RowServices.FALLBACKS.showOn(board);
    return board;
  }

  @Bean
  MeshNetty meshNetty(MeshCredentials credentials) {
    return new MeshNetty("attention-net", credentials);
  }

  @Bean(destroyMethod = "close")
  Tracing tracing(StatusBoard board) {
    return TracingSettings.tracing(
        System::getenv, "attention-service", board.snapshot().instance());
  }

  @Bean
  ModelFacts modelFacts(StatusBoard board) {
    return new ModelFacts(board);
  }

  @Bean
  GenerationService generationService(
      AttentionProperties properties, MeshNetty netty, ModelFacts facts, Tracing tracing) {
    return new GenerationService(
        netty.executor(),
        facts::describe,
        TimeUnit.SECONDS.toNanos(properties.attention().timeoutSeconds()),
        tracing);
  }

  /** Health and metrics over HTTP. */
  @Bean(destroyMethod = "close")
  Management management(Environment environment, StatusBoard board) {
    return Management.of(environment, board, state -> state == ServiceState.READY);
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
    return Telemetry.of(environment::getProperty, board).start(LoadSource.of(board));
  }

  @Bean
  AttentionNode attentionNode(
      AttentionProperties properties,
      StatusBoard board,
      MeshNetty netty,
      GenerationService service,
      ModelFacts facts) {
    return new AttentionNode(properties, board, netty, service, facts);
  }

  @Bean
  Leave leave(AttentionNode node) {
    return new Leave(node);
  }

  /** The context closes before the gRPC server stops, so that tokens still flow here. */
  static final class Leave {
    private final AttentionNode node;

    Leave(AttentionNode node) {
      this.node = node;
    }

    @EventListener(ContextClosedEvent.class)
    void closing() {
      node.stop();
    }
  }
}
