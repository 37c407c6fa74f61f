package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.protocol.core.HostPort;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.GatewayFilterChain;
import org.springframework.cloud.gateway.route.Route;
import org.springframework.cloud.gateway.support.RouteMetadataUtils;
import org.springframework.core.Ordered;
import org.springframework.http.HttpMethod;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/**
 * {@code /v1/scaling}: the answer of the autoscaler, or why there is none. Nothing on the way of a
 * request depends on the autoscaler, so that it is away is an ordinary thing.
 */
public final class ScalingRoute implements GatewayFilter, Ordered {
  private static final Logger LOG = LoggerFactory.getLogger(ScalingRoute.class);
  private static final String PATH = "/v1/scaling";
  private static final int PATIENCE_MILLIS = 2_000;
  private static final int AGAIN_SECONDS = 2;

  private final String autoscaler;

  private ScalingRoute(String autoscaler) {
    this.autoscaler = autoscaler;
  }

  /**
   * The route.
   *
   * @param autoscaler {@code host:port} of its HTTP side; empty for none
   * @throws io.expertmesh.protocol.core.MeshException if it is neither
   */
  public static Route of(String autoscaler) {
    if (!autoscaler.isBlank()) {
      HostPort.list("expertmesh.gateway.autoscaler", List.of(autoscaler));
    }
    return Route.async()
        .id("scaling")
        .uri(autoscaler.isBlank() ? "mesh://scaling" : "http://" + autoscaler)
        .predicate(exchange -> exchange.getRequest().getPath().value().equals(PATH))
        .metadata(RouteMetadataUtils.CONNECT_TIMEOUT_ATTR, PATIENCE_MILLIS)
        .metadata(RouteMetadataUtils.RESPONSE_TIMEOUT_ATTR, PATIENCE_MILLIS)
        .filters(new ScalingRoute(autoscaler))
        .build();
  }

  /** Around the filter that writes what the autoscaler answered. */
  @Override
  public int getOrder() {
    return Ordered.HIGHEST_PRECEDENCE + 1;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, GatewayFilterChain chain) {
    HttpMethod method = exchange.getRequest().getMethod();
    if (!HttpMethod.GET.equals(method)) {
      return Mono.error(AdminRoutes.wrongMethod(exchange.getResponse(), HttpMethod.GET));
    }
    if (autoscaler.isBlank()) {
      return Mono.error(
          new ApiException(
              ApiError.request(
                  404,
                  "no_autoscaler",
                  "This mesh has no autoscaler: expertmesh.gateway.autoscaler is empty; ./mesh up"
                      + " --autoscale sets it.")));
    }
    return chain.filter(exchange).onErrorMap(this::unavailable);
  }

  private ApiException unavailable(Throwable failure) {
    LOG.debug("The autoscaler does not answer", failure);
    return new ApiException(
        new ApiError(
            503,
            "The autoscaler at " + autoscaler + " does not answer; it may be starting. Try again.",
            "server_error",
            null,
            "autoscaler_unavailable",
            AGAIN_SECONDS));
  }
}
