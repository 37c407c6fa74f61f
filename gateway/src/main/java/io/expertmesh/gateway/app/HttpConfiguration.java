package io.expertmesh.gateway.app;

import io.expertmesh.gateway.core.generation.GenerationEngine;
import io.expertmesh.gateway.core.response.Desk;
import io.expertmesh.gateway.core.tenant.TenantNames;
import io.expertmesh.gateway.transport.engine.AttentionReplicas;
import io.expertmesh.gateway.transport.http.AdminRoutes;
import io.expertmesh.gateway.transport.http.BodyReader;
import io.expertmesh.gateway.transport.http.ErrorBodies;
import io.expertmesh.gateway.transport.http.GatewayMetrics;
import io.expertmesh.gateway.transport.http.HttpLimits;
import io.expertmesh.gateway.transport.http.MeshRouting;
import io.expertmesh.gateway.transport.http.OffTheEventLoop;
import io.expertmesh.gateway.transport.http.ScalingRoute;
import io.expertmesh.protocol.core.trace.Tracing;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.cloud.gateway.route.Route;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The REST surface: routes into the mesh, and what is answered beside them. */
@Configuration(proxyBeanMethods = false)
class HttpConfiguration {
  private static final int WAITING_REQUESTS = 4096;

  @Bean
  RouteLocator routes(HttpLimits limits, GatewaySettings settings) {
    BodyReader body = new BodyReader(limits);
    List<Route> routes =
        List.of(
            route("completions", "/v1/completions", body),
            route("chat", "/v1/chat/completions", body),
            route("routing", "/v1/routing", body),
            route("tokenize", "/tokenize", body),
            route("detokenize", "/detokenize", body),
            ScalingRoute.of(settings.gateway().autoscaler()));
    return () -> Flux.fromIterable(routes);
  }

  private static Route route(String id, String path, BodyReader body) {
    return Route.async()
        .id(id)
        .uri("mesh://" + id)
        .predicate(exchange -> exchange.getRequest().getPath().value().equals(path))
        .filters(body)
        .build();
  }

  @Bean
  MeshRouting meshRouting(
      Desk desk,
      GenerationEngine engine,
      Scheduler workScheduler,
      HttpLimits limits,
      GatewayMetrics metrics,
      TenantNames tenantNames,
      Tracing tracing) {
    return new MeshRouting(desk, engine, workScheduler, limits, metrics, tenantNames, tracing);
  }

  @Bean
  TenantNames tenantNames(GatewaySettings settings) {
    return TenantNames.of(settings.gateway().tenantHeader(), settings.gateway().tenants());
  }

  @Bean
  Scheduler workScheduler(GatewaySettings settings) {
    return Schedulers.newBoundedElastic(
        EngineConfiguration.threads(settings), WAITING_REQUESTS, "gateway-work", 60, true);
  }

  @Bean
  HttpLimits httpLimits(GatewaySettings settings) {
    GatewaySettings.Limits limits = settings.gateway().limits();
    return new HttpLimits(
        limits.bodyBytes(),
        limits.drainBytes(),
        limits.inFlight(),
        limits.streamBytes(),
        settings.gateway().requestTimeout());
  }

  @Bean
  SimpleUrlHandlerMapping adminRoutes(
      Desk desk, AttentionReplicas replicas, GatewayMetrics metrics, Draining draining) {
    return new AdminRoutes(
            desk, replicas.board(), metrics, draining, Instant.now().getEpochSecond())
        .mapping();
  }

  @Bean
  Draining draining() {
    return new Draining();
  }

  @Bean
  OffTheEventLoop offTheEventLoop() {
    return new OffTheEventLoop();
  }

  @Bean
  ErrorBodies errorBodies() {
    return new ErrorBodies();
  }

  @Bean
  PrometheusMeterRegistry meterRegistry() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    return registry;
  }

  @Bean(destroyMethod = "close")
  JvmGcMetrics gcMetrics(PrometheusMeterRegistry registry) {
    JvmGcMetrics metrics = new JvmGcMetrics();
    metrics.bindTo(registry);
    return metrics;
  }

  @Bean
  GatewayMetrics gatewayMetrics(PrometheusMeterRegistry registry) {
    return new GatewayMetrics(registry);
  }

  /** Requests have ended before it is closed, so that nothing needs a quiet period. */
  @Bean
  ReactorResourceFactory reactorResources() {
    ReactorResourceFactory resources = new ReactorResourceFactory();
    resources.setShutdownQuietPeriod(Duration.ZERO);
    return resources;
  }

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> timeouts(GatewaySettings settings) {
    GatewaySettings.Gateway gateway = settings.gateway();
    NettyServerCustomizer customizer =
        server ->
            server
                .idleTimeout(gateway.idleTimeout())
                .requestTimeout(gateway.bodyTimeout())
                .doOnConnection(
                    connection ->
                        connection.addHandlerLast(
                            new WriteTimeoutHandler(
                                gateway.writeTimeout().toMillis(), TimeUnit.MILLISECONDS)));
    return factory -> factory.addServerCustomizers(customizer);
  }
}
