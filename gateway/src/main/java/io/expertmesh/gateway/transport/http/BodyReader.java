package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.GatewayFilterChain;
import org.springframework.core.Ordered;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/**
 * The filter in front of every route that takes a body: method, media type and size are judged, and
 * the bytes are put where the routing filter finds them. A body over the limit is never kept: the
 * rest of it is read and thrown away, up to a bound, because a client that is still writing when
 * the connection closes would not see the answer.
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
    ApiException media = judgeMedia(headers);
    if (media != null) {
      return drain(request, headers).then(Mono.error(media));
    }
    if (headers.getContentLength() > limits.bodyBytes()) {
      return drain(request, headers).then(Mono.error(tooLarge()));
    }
    Collected collected = new Collected();
    return request
        .getBody()
        .doOnNext(collected::add)
        .takeUntil(buffer -> collected.total > limits.bodyBytes() + limits.drainBytes())
        .then(
            Mono.defer(
                () -> {
                  if (collected.total > limits.bodyBytes()) {
                    return Mono.error(tooLarge());
                  }
                  exchange.getAttributes().put(BODY, collected.bytes.toByteArray());
                  return chain.filter(exchange);
                }));
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

  private Mono<Void> drain(ServerHttpRequest request, HttpHeaders headers) {
    boolean waits = headers.containsHeader(HttpHeaders.EXPECT);
    if (waits || headers.getContentLength() > limits.drainBytes()) {
      return Mono.empty();
    }
    long[] total = {0};
    return request
        .getBody()
        .doOnNext(
            buffer -> {
              total[0] += buffer.readableByteCount();
              DataBufferUtils.release(buffer);
            })
        .takeUntil(buffer -> total[0] > limits.drainBytes())
        .then();
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

  /** Bytes up to the limit; beyond it only their number. */
  private final class Collected {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long total;

    void add(DataBuffer buffer) {
      int count = buffer.readableByteCount();
      total += count;
      if (total <= limits.bodyBytes()) {
        byte[] chunk = new byte[count];
        buffer.read(chunk);
        bytes.writeBytes(chunk);
      }
      DataBufferUtils.release(buffer);
    }
  }
}
