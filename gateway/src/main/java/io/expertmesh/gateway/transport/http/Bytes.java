package io.expertmesh.gateway.transport.http;

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
    response.setRawStatusCode(status == 0 ? HttpStatus.OK.value() : status);
    response.getHeaders().setContentType(type);
    response.getHeaders().setContentLength(body.length);
    return response.writeWith(Mono.fromSupplier(() -> response.bufferFactory().wrap(body)));
  }
}
