package io.expertmesh.autoscaler.app;

import io.expertmesh.autoscaler.core.Autoscaler;
import io.expertmesh.autoscaler.core.ReferenceClock;
import io.expertmesh.autoscaler.core.ScalingPolicy;
import io.expertmesh.autoscaler.transport.KedaScaler;
import io.expertmesh.autoscaler.transport.LoadReader;
import io.expertmesh.autoscaler.transport.ScalingHttp;
import io.expertmesh.autoscaler.transport.ScalingService;
import io.expertmesh.autoscaler.transport.SnapshotBoard;
import io.expertmesh.protocol.app.MeshServer;
import io.expertmesh.protocol.app.ParentWatch;
import io.expertmesh.protocol.app.StartFailure;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.core.TelemetrySettings;
import io.expertmesh.protocol.transport.IntrospectionService;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.StatusHealth;
import io.grpc.BindableService;
import java.io.IOException;
import java.util.Map;
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
import org.springframework.core.env.Environment;

/** The autoscaler: reads load events, says how many replicas every shard needs. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableConfigurationProperties(AutoscalerSettings.class)
@ImportAutoConfiguration({
  ConfigurationPropertiesAutoConfiguration.class,
  LifecycleAutoConfiguration.class,
  GrpcServerAutoConfiguration.class,
  GrpcServerServicesAutoConfiguration.class
})
@Import(MeshServer.class)
public class AutoscalerApplication {
  /** In code, because the services may share one class path and with it one properties file. */
  private static final Map<String, Object> DEFAULTS =
      Map.ofEntries(
          Map.entry("spring.application.name", "autoscaler"),
          Map.entry("spring.main.banner-mode", "off"),
          Map.entry("spring.main.web-application-type", "none"),
          Map.entry("spring.main.log-startup-info", "false"),
          // a broker that cannot be reached is told by the state, not by its client again and again
          Map.entry("logging.level.org.apache.kafka", "off"),
          Map.entry("logging.level.org.springframework.boot.SpringApplication", "off"),
          Map.entry("logging.level.org.springframework.boot.diagnostics", "off"),
          Map.entry("logging.level.org.springframework.boot.autoconfigure.logging", "off"),
          Map.entry("logging.level.org.springframework.context", "off"),
          Map.entry("logging.pattern.console", "%d{HH:mm:ss.SSS} %-5level autoscaler: %msg%n"));

  /** Starts the process. Exits with 1, after one sentence, if it cannot serve. */
  public static void main(String[] args) {
    ParentWatch.exitWithParent(args);
    try {
      start(args);
    } catch (RuntimeException | Error e) {
      System.err.println("autoscaler cannot start: " + StartFailure.sentence(e));
      System.exit(1);
    }
  }

  /** Starts the autoscaler in this process; closing the context stops it. */
  public static ConfigurableApplicationContext start(String... args) {
    SpringApplication application = new SpringApplication(AutoscalerApplication.class);
    application.setDefaultProperties(DEFAULTS);
    return application.run(args);
  }

  @Bean
  StatusBoard statusBoard() {
    return new StatusBoard(
        "autoscaler", "autoscaler-" + ProcessHandle.current().pid(), System::nanoTime);
  }

  @Bean(destroyMethod = "close")
  MeshNetty meshNetty(MeshCredentials credentials) {
    return new MeshNetty("autoscaler-net", credentials);
  }

  @Bean
  SnapshotBoard snapshotBoard() {
    return new SnapshotBoard();
  }

  @Bean(destroyMethod = "close")
  Reading reading(
      AutoscalerSettings settings,
      Environment environment,
      SnapshotBoard board,
      StatusBoard status) {
    ScalingPolicy policy = settings.policy();
    LoadReader reader =
        new LoadReader(
            TelemetrySettings.of(environment::getProperty),
            new Autoscaler(policy, settings.ownPolicies(), settings.caps()),
            new ReferenceClock(System.currentTimeMillis(), System::nanoTime),
            board,
            Math.max(policy.idleMillis(), policy.downMillis()));
    return new Reading(reader, board, status);
  }

  @Bean(destroyMethod = "close")
  ScalingHttp scalingHttp(AutoscalerSettings settings, SnapshotBoard board) throws IOException {
    return new ScalingHttp(settings.httpHost(), settings.httpPort(), board);
  }

  @Bean
  BindableService kedaScaler(AutoscalerSettings settings, SnapshotBoard board) {
    return new KedaScaler(board, settings.policy().target());
  }

  @Bean
  BindableService scalingService(SnapshotBoard board) {
    return new ScalingService(board);
  }

  @Bean
  IntrospectionService introspectionService(StatusBoard status) {
    return new IntrospectionService(status);
  }

  @Bean
  BindableService healthService(StatusBoard status) {
    return StatusHealth.of(status);
  }
}
