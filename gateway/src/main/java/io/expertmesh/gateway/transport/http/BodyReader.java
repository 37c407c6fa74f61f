package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.response.Json;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.GatewayFilterChain;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;

/**
 * The filter in front of every route that takes a body: method, media type and size are judged, and
 * the bytes are put where the routing filter finds them. A body that is refused is answered as soon
 * as that is known, and read on and thrown away, up to a bound: a client that only reads the answer
 * after it has written everything would not see it if the connection closed before.
 */
public final class BodyReader implements GatewayFilter, Ordered {
  private static final String BODY = BodyReader.class.getName();

  private final HttpLimits limits;

  public BodyReader(HttpLimits limits) {
    this.limits = limits;
  }

  /** The body of an exchange that passed this filter. */
  static byte[] body(ServerWebExchange exchange) {
    return exchange.getRequiredAttribute(BODY);
  }

  @Override
  public int getOrder() {
    return 1;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, GatewayFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    if (!HttpMethod.POST.equals(request.getMethod())) {
      return Mono.error(AdminRoutes.wrongMethod(exchange.getResponse(), HttpMethod.POST));
    }
    HttpHeaders headers = request.getHeaders();
    ApiException refusal = judgeMedia(headers);
    if (refusal == null && headers.getContentLength() > limits.bodyBytes()) {
      refusal = tooLarge();
    }
    if (refusal != null && headers.containsHeader(HttpHeaders.EXPECT)) {
      // nothing is on the way, and whether the client will still send it is not known
      exchange.getResponse().getHeaders().setConnection("close");
      return Mono.error(refusal);
    }
    IncomingBody body =
        new IncomingBody(
            refusal == null ? limits.bodyBytes() : 0, limits.drainBytes(), () -> cut(request));
    request.getBody().subscribe(body);
    if (refusal != null) {
      return refuse(exchange, refusal, body);
    }
    return body.fits()
        .flatMap(
            fits -> {
              if (!fits) {
                return refuse(exchange, tooLarge(), body);
              }
              exchange.getAttributes().put(BODY, body.bytes());
              return chain.filter(exchange);
            });
  }

  /** Answers now; the exchange ends when the body has. */
  private static Mono<Void> refuse(
      ServerWebExchange exchange, ApiException refusal, IncomingBody body) {
    ServerHttpResponse response = exchange.getResponse();
    return Bytes.jsonUntil(
        response, refusal.error().status(), Json.error(refusal.error()), body.end());
  }

  private static void cut(ServerHttpRequest request) {
    HttpServerRequest http = ServerHttpRequestDecorator.getNativeRequest(request);
    http.withConnection(Connection::dispose);
  }

  private static @Nullable ApiException judgeMedia(HttpHeaders headers) {
    MediaType type;
    try {
      type = headers.getContentType();
    } catch (InvalidMediaTypeException e) {
      return unsupported();
    }
    boolean json =
        type != null
            && (MediaType.APPLICATION_JSON.equalsTypeAndSubtype(type)
                || type.getSubtype().endsWith("+json"));
    if (!json) {
      return unsupported();
    }
    if (headers.containsHeader(HttpHeaders.CONTENT_ENCODING)) {
      return new ApiException(
          ApiError.request(
              415,
              "unsupported_encoding",
              "Compressed bodies are not supported: send plain JSON."));
    }
    return null;
  }

  private static ApiException unsupported() {
    return new ApiException(
        ApiError.request(
            415,
            "unsupported_media_type",
            "The body must be sent as Content-Type: application/json."));
  }

  private ApiException tooLarge() {
    return new ApiException(
        ApiError.request(
            413,
            "body_too_large",
            "The body is over the limit of " + limits.bodyBytes() + " bytes."));
  }
}
