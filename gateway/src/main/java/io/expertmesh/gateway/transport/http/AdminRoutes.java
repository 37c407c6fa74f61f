package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.generation.ReplicaBoard;
import io.expertmesh.gateway.core.generation.ReplicaDescription;
import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.response.Desk;
import io.expertmesh.gateway.core.response.Json;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;
import reactor.core.publisher.Mono;
import tools.jackson.core.JsonGenerator;

/** What is not generation: models, health, metrics. All of it is answered from memory. */
public final class AdminRoutes {
  private static final MediaType PROMETHEUS =
      new MediaType("text", "plain", Map.of("version", "0.0.4", "charset", "utf-8"));

  private final Desk desk;
  private final ReplicaBoard board;
  private final GatewayMetrics metrics;
  private final BooleanSupplier draining;
  private final long createdSeconds;

  /**
   * @param draining whether the process is about to end
   * @param createdSeconds what models give as their time of creation
   */
  public AdminRoutes(
      Desk desk,
      ReplicaBoard board,
      GatewayMetrics metrics,
      BooleanSupplier draining,
      long createdSeconds) {
    this.desk = desk;
    this.board = board;
    this.metrics = metrics;
    this.draining = draining;
    this.createdSeconds = createdSeconds;
  }

  /** The mapping of all paths, in front of the gateway's routes. */
  public SimpleUrlHandlerMapping mapping() {
    return new SimpleUrlHandlerMapping(
        Map.of(
            "/v1/models", get(this::models),
            "/v1/models/{*id}", get(this::model),
            "/health/live", get(this::live),
            "/health/ready", get(this::ready),
            "/metrics", get(this::metrics)),
        Ordered.HIGHEST_PRECEDENCE + 100);
  }

  /** The error for a method that a path does not take; sets {@code Allow}. */
  static ApiException wrongMethod(ServerHttpResponse response, HttpMethod allowed) {
    response.getHeaders().setAllow(Set.of(allowed));
    return new ApiException(
        ApiError.request(405, "method_not_allowed", "This path takes " + allowed + " only."));
  }

  private static WebHandler get(Function<ServerWebExchange, Mono<Void>> handler) {
    return exchange -> {
      HttpMethod method = exchange.getRequest().getMethod();
      if (!HttpMethod.GET.equals(method) && !HttpMethod.HEAD.equals(method)) {
        return Mono.error(wrongMethod(exchange.getResponse(), HttpMethod.GET));
      }
      return handler.apply(exchange);
    };
  }

  private Mono<Void> models(ServerWebExchange exchange) {
    return Bytes.json(
        exchange.getResponse(),
        200,
        Json.object(
            json -> {
              json.writeStringProperty("object", "list");
              json.writeArrayPropertyStart("data");
              json.writeStartObject();
              card(json);
              json.writeEndObject();
              json.writeEndArray();
            }));
  }

  private Mono<Void> model(ServerWebExchange exchange) {
    String id = exchange.getRequest().getPath().value().substring("/v1/models/".length());
    String decoded = URLDecoder.decode(id, StandardCharsets.UTF_8);
    if (!decoded.equals(desk.modelId())) {
      return Mono.error(new ApiException(ApiError.unknownModel(decoded, desk.modelId())));
    }
    return Bytes.json(exchange.getResponse(), 200, Json.object(this::card));
  }

  private void card(JsonGenerator json) {
    json.writeStringProperty("id", desk.modelId());
    json.writeStringProperty("object", "model");
    json.writeNumberProperty("created", createdSeconds);
    json.writeStringProperty("owned_by", "expertmesh");
    ReplicaDescription known = board.description();
    if (known != null) {
      json.writeNumberProperty("max_model_len", known.maxContext());
      json.writeNumberProperty("max_logprobs", known.maxLogprobs());
      json.writeNumberProperty("vocab_size", known.vocabSize());
    }
  }

  private Mono<Void> live(ServerWebExchange exchange) {
    return health(exchange, 200, "live", null);
  }

  private Mono<Void> ready(ServerWebExchange exchange) {
    if (draining.getAsBoolean()) {
      return health(exchange, 503, "draining", "The gateway is shutting down.");
    }
    String trouble = board.trouble();
    return board.usable()
        ? health(exchange, 200, "ready", trouble.isEmpty() ? null : trouble)
        : health(exchange, 503, "waiting", trouble);
  }

  private static Mono<Void> health(
      ServerWebExchange exchange, int status, String state, @Nullable String reason) {
    byte[] body =
        Json.object(
            json -> {
              json.writeStringProperty("status", state);
              if (reason != null) {
                json.writeStringProperty("reason", reason);
              }
            });
    return Bytes.json(exchange.getResponse(), status, body);
  }

  private Mono<Void> metrics(ServerWebExchange exchange) {
    byte[] text = metrics.scrape().getBytes(StandardCharsets.UTF_8);
    return Bytes.write(exchange.getResponse(), 200, PROMETHEUS, text);
  }
}
