package io.expertmesh.gateway.app;

import io.expertmesh.protocol.app.ParentWatch;
import io.expertmesh.protocol.app.StartFailure;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.http.codec.autoconfigure.CodecsAutoConfiguration;
import org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.cloud.gateway.config.GatewayAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;

/**
 * The REST gateway as a process. Only the automatic configuration it uses is named, one by one: the
 * rest would be evaluated at every start.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@ImportAutoConfiguration({
  ConfigurationPropertiesAutoConfiguration.class,
  PropertyPlaceholderAutoConfiguration.class,
  LifecycleAutoConfiguration.class,
  SslAutoConfiguration.class,
  CodecsAutoConfiguration.class,
  HttpHandlerAutoConfiguration.class,
  WebFluxAutoConfiguration.class,
  NettyReactiveWebServerAutoConfiguration.class,
  GatewayAutoConfiguration.class
})
@EnableConfigurationProperties(GatewaySettings.class)
@Import({EngineConfiguration.class, HttpConfiguration.class, StatusServer.class})
public class GatewayApplication {

  /** Starts the gateway; ends the process with one sentence if it cannot. */
  public static void main(String[] arguments) {
    ParentWatch.exitWithParent(arguments);
    try {
      start(arguments);
    } catch (RuntimeException e) {
      System.err.println("gateway cannot start: " + StartFailure.sentence(e));
      System.exit(1);
    }
  }

  /** Starts the gateway in this process; closing the context drains and stops it. */
  public static ConfigurableApplicationContext start(String... arguments) {
    SpringApplication application = new SpringApplication(GatewayApplication.class);
    application.setWebApplicationType(WebApplicationType.REACTIVE);
    application.setDefaultProperties(
        Map.ofEntries(
            Map.entry("server.port", "8080"),
            Map.entry("server.address", "127.0.0.1"),
            Map.entry("server.shutdown", "graceful"),
            Map.entry("spring.lifecycle.timeout-per-shutdown-phase", "20s"),
            Map.entry("spring.main.banner-mode", "off"),
            Map.entry("spring.main.log-startup-info", "false"),
            Map.entry("spring.cloud.gateway.server.webflux.default-filters", ""),
            Map.entry("logging.level.root", "warn"),
            Map.entry("logging.level.ai.djl", "error"),
            // what Kafka's client cannot reach is counted, not told again and again
            Map.entry("logging.level.org.apache.kafka", "off"),
            Map.entry("logging.level.org.hibernate.validator", "error"),
            Map.entry("logging.level.io.expertmesh", "info"),
            Map.entry("logging.level.org.springframework.boot.diagnostics", "off"),
            Map.entry("logging.level.org.springframework.boot.SpringApplication", "off"),
            Map.entry("logging.level.org.springframework.boot.web", "off")));
    return application.run(arguments);
  }
}
