package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.generation.GenerationEngine;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.request.GenerationRequest;
import io.expertmesh.gateway.core.response.Answer;
import io.expertmesh.gateway.core.response.AnswerPlan;
import io.expertmesh.gateway.core.response.AnswerSink;
import io.expertmesh.gateway.core.response.Desk;
import io.expertmesh.gateway.core.tenant.TenantNames;
import io.expertmesh.protocol.core.trace.Tracing;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.netty.DisposableChannel;
import reactor.netty.http.server.HttpServerResponse;

/**
 * Answers the endpoints that compute tokens. A client that leaves ends the work behind it at once.
 */
final class GenerateEndpoint {
  private final Desk desk;
  private final GenerationEngine engine;
  private final Scheduler worker;
  private final HttpLimits limits;
  private final GatewayMetrics metrics;
  private final TenantNames tenants;
  private final Tracing tracing;

  /**
   * @param worker where bodies are parsed, tokenized and rendered
   */
  GenerateEndpoint(
      Desk desk,
      GenerationEngine engine,
      Scheduler worker,
      HttpLimits limits,
      GatewayMetrics metrics,
      TenantNames tenants,
      Tracing tracing) {
    this.desk = desk;
    this.engine = engine;
    this.worker = worker;
    this.limits = limits;
    this.metrics = metrics;
    this.tenants = tenants;
    this.tracing = tracing;
  }

  Mono<Void> answer(ServerWebExchange exchange, GenerationRequest.Api api, byte[] body) {
    long started = System.nanoTime();
    long deadline = started + limits.requestTimeout().toNanos();
    AtomicReference<@Nullable Answer> running = new AtomicReference<>();
    if (!metrics.enter(limits.inFlight())) {
      metrics.refused("overloaded");
      return Mono.error(new ApiException(ErrorBodies.overloaded()));
    }
    TracedRequest traced = TracedRequest.begin(tracing, exchange);
    return Mono.fromCallable(() -> desk.plan(api, body, tenant(exchange), deadline))
        .subscribeOn(worker)
        .doOnError(ApiException.class, e -> metrics.refused(e.error().code()))
        .flatMap(
            plan ->
                plan.stream()
                    ? stream(exchange, plan, started, running, traced)
                    : whole(exchange, plan, started, running, traced))
        .doOnError(traced::failed)
        .doFinally(
            // An exchange whose client left ends in any of the three ways.
            signal -> {
              metrics.leave();
              Answer answer = running.get();
              if (answer != null) {
                answer.cancel();
              }
              traced.end();
            });
  }

  private String tenant(ServerWebExchange exchange) {
    HttpHeaders headers = exchange.getRequest().getHeaders();
    return tenants.tenant(
        headers.getFirst(HttpHeaders.AUTHORIZATION),
        tenants.header().isEmpty() ? null : headers.getFirst(tenants.header()));
  }

  private Mono<Void> whole(
      ServerWebExchange exchange,
      AnswerPlan plan,
      long started,
      AtomicReference<@Nullable Answer> running,
      TracedRequest traced) {
    return Mono.<byte[]>create(sink -> run(plan, new WholeAnswer(sink), started, running, traced))
        .flatMap(json -> Bytes.json(exchange.getResponse(), 200, json));
  }

  private Mono<Void> stream(
      ServerWebExchange exchange,
      AnswerPlan plan,
      long started,
      AtomicReference<@Nullable Answer> running,
      TracedRequest traced) {
    ServerHttpResponse response = exchange.getResponse();
    Runnable cut =
        () -> {
          metrics.cut();
          Answer answer = running.get();
          if (answer != null) {
            answer.cancel();
          }
          close(response);
        };
    return Mono.<Flux<DataBuffer>>create(
            sink ->
                run(
                    plan,
                    new AnswerStream(sink, response.bufferFactory(), limits.streamBytes(), cut),
                    started,
                    running,
                    traced))
        .flatMap(
            events -> {
              response.setStatusCode(HttpStatus.OK);
              response.getHeaders().setContentType(MediaType.TEXT_EVENT_STREAM);
              response.getHeaders().set(HttpHeaders.CACHE_CONTROL, "no-cache");
              response.getHeaders().set("X-Accel-Buffering", "no");
              return response.writeAndFlushWith(events.map(Mono::just));
            });
  }

  private void run(
      AnswerPlan plan,
      AnswerSink sink,
      long started,
      AtomicReference<@Nullable Answer> running,
      TracedRequest traced) {
    Answer answer =
        new Answer(
            plan, sink, traced.observer(metrics.of(plan.tenant())), System::nanoTime, started);
    running.set(answer);
    answer.start(traced.engine(engine));
  }

  private static void close(ServerHttpResponse response) {
    HttpServerResponse connection = ServerHttpResponseDecorator.getNativeResponse(response);
    connection.withConnection(DisposableChannel::dispose);
  }
}
