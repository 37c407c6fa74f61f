package io.expertmesh.gateway.transport.http;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Mono;

/** Writes whole bodies. */
final class Bytes {
  private Bytes() {}

  static Mono<Void> json(ServerHttpResponse response, int status, byte[] body) {
    return write(response, status, MediaType.APPLICATION_JSON, body);
  }

  static Mono<Void> write(ServerHttpResponse response, int status, MediaType type, byte[] body) {
    head(response, status, type, body);
    return response.writeWith(buffer(response, body));
  }

  /**
   * Writes a body as {@link #json} does, but ends the answer only when something else has ended.
   *
   * @param end what it waits for
   */
  static Mono<Void> jsonUntil(
      ServerHttpResponse response, int status, byte[] body, Mono<Void> end) {
    head(response, status, MediaType.APPLICATION_JSON, body);
    Mono<Mono<DataBuffer>> content = Mono.just(buffer(response, body));
    return response.writeAndFlushWith(content.concatWith(end.then(Mono.empty())));
  }

  private static void head(ServerHttpResponse response, int status, MediaType type, byte[] body) {
    response.setRawStatusCode(status == 0 ? HttpStatus.OK.value() : status);
    response.getHeaders().setContentType(type);
    response.getHeaders().setContentLength(body.length);
  }

  private static Mono<DataBuffer> buffer(ServerHttpResponse response, byte[] body) {
    return Mono.fromSupplier(() -> response.bufferFactory().wrap(body));
  }
}
