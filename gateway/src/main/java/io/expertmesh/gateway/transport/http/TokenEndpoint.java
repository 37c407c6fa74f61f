package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.request.ModelCard;
import io.expertmesh.gateway.core.request.TokenRequests;
import io.expertmesh.gateway.core.response.Desk;
import io.expertmesh.gateway.core.response.Json;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** {@code /tokenize} and {@code /detokenize}. */
final class TokenEndpoint {
  private final Desk desk;
  private final Scheduler worker;

  TokenEndpoint(Desk desk, Scheduler worker) {
    this.desk = desk;
    this.worker = worker;
  }

  Mono<Void> tokenize(ServerWebExchange exchange, byte[] body) {
    return Mono.fromCallable(() -> tokenize(body))
        .subscribeOn(worker)
        .flatMap(json -> Bytes.json(exchange.getResponse(), 200, json));
  }

  Mono<Void> detokenize(ServerWebExchange exchange, byte[] body) {
    return Mono.fromCallable(() -> detokenize(body))
        .subscribeOn(worker)
        .flatMap(json -> Bytes.json(exchange.getResponse(), 200, json));
  }

  private byte[] tokenize(byte[] body) {
    ModelCard model = desk.model();
    int[] ids = desk.text().ids(TokenRequests.tokenize(desk.json(body), model), model.maxContext());
    return Json.object(
        json -> {
          json.writeNumberProperty("count", ids.length);
          json.writeNumberProperty("max_model_len", model.maxContext());
          json.writeArrayPropertyStart("tokens");
          for (int id : ids) {
            json.writeNumber(id);
          }
          json.writeEndArray();
        });
  }

  private byte[] detokenize(byte[] body) {
    int[] ids = TokenRequests.detokenize(desk.json(body), desk.model());
    String text = desk.text().decoder(false).decode(ids, 0, ids.length);
    return Json.object(json -> json.writeStringProperty("prompt", text));
  }
}
