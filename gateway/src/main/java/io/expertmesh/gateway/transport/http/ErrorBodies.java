package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.response.Json;
import io.expertmesh.protocol.core.MeshException;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/** Every failure of every path, in OpenAI's shape. */
public final class ErrorBodies implements WebExceptionHandler, Ordered {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorBodies.class);

  @Override
  public int getOrder() {
    return -2;
  }

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    ServerHttpResponse response = exchange.getResponse();
    if (response.isCommitted()) {
      return Mono.error(failure);
    }
    ApiError error = error(exchange, failure);
    if (error.retryAfterSeconds() > 0) {
      response
          .getHeaders()
          .set(HttpHeaders.RETRY_AFTER, Integer.toString(error.retryAfterSeconds()));
    }
    return Bytes.json(response, error.status(), Json.error(error));
  }

  private static ApiError error(ServerWebExchange exchange, Throwable failure) {
    return switch (failure) {
      case ApiException known -> known.error();
      case MeshException known -> ApiError.of(known);
      case RejectedExecutionException full -> overloaded();
      case ResponseStatusException status when status.getStatusCode().value() == 404 ->
          ApiError.request(
              404,
              "not_found",
              "There is nothing at "
                  + ApiError.shorten(exchange.getRequest().getPath().value())
                  + ".");
      case ResponseStatusException status when status.getStatusCode().is4xxClientError() ->
          ApiError.request(
              status.getStatusCode().value(), "bad_request", String.valueOf(status.getReason()));
      default -> {
        LOG.error("{} failed", exchange.getRequest().getPath().value(), failure);
        yield new ApiError(500, "The gateway failed.", "server_error", null, "internal", 0);
      }
    };
  }

  /** The answer to a request that found every place taken. */
  static ApiError overloaded() {
    return new ApiError(
        503, "The gateway is overloaded; try again.", "server_error", null, "overloaded", 1);
  }
}
