package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.generation.GenerationEngine;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.response.RequestObserver;
import io.expertmesh.gateway.core.response.Usage;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.trace.TraceSpan;
import io.expertmesh.protocol.core.trace.Tracing;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.web.server.ServerWebExchange;

/**
 * One request as a span, in the caller's trace if it has one: method and path, counts of tokens,
 * how it ended.
 */
final class TracedRequest {
  private static final int OK = 200;
  private static final int INTERNAL = 500;

  private final TraceSpan span;

  /** Of the exchange and its answer, those that may still tell something. */
  private final AtomicInteger open = new AtomicInteger(1);

  private TracedRequest(TraceSpan span) {
    this.span = span;
  }

  static TracedRequest begin(Tracing tracing, ServerWebExchange exchange) {
    String path = exchange.getRequest().getPath().value();
    String parent = exchange.getRequest().getHeaders().getFirst("traceparent");
    TraceSpan span =
        tracing.begin("POST " + path, Tracing.Side.SERVER, Objects.requireNonNullElse(parent, ""));
    span.put("http.request.method", "POST");
    span.put("url.path", path);
    span.put("http.response.status_code", OK);
    return new TracedRequest(span);
  }

  /** An engine whose generations belong to this request. */
  GenerationEngine engine(GenerationEngine engine) {
    String trace = span.traceparent();
    return trace.isEmpty()
        ? engine
        : (spec, listener) -> engine.generate(spec.tracedBy(trace), listener);
  }

  /** An observer that tells of this request besides. */
  RequestObserver observer(RequestObserver metrics) {
    if (span == TraceSpan.none()) {
      return metrics;
    }
    open.incrementAndGet();
    return new Observer(metrics);
  }

  void failed(Throwable failure) {
    switch (failure) {
      case ApiException known -> {
        String code = known.error().code();
        failed(known.error().status(), code == null ? known.error().type() : code);
      }
      case MeshException known -> failed(INTERNAL, known.code().name().toLowerCase(Locale.ROOT));
      case Throwable other -> failed(INTERNAL, other.getClass().getSimpleName());
    }
  }

  private void failed(int status, String code) {
    span.put("http.response.status_code", status);
    span.failed(code);
  }

  /** The exchange is over. The answer may count its tokens just before it or just after. */
  void end() {
    if (open.decrementAndGet() == 0) {
      span.end();
    }
  }

  private final class Observer implements RequestObserver {
    private final RequestObserver metrics;
    private final AtomicBoolean over = new AtomicBoolean();

    Observer(RequestObserver metrics) {
      this.metrics = metrics;
    }

    @Override
    public void firstToken(long nanosSinceStart) {
      span.event("first_token");
      metrics.firstToken(nanosSinceStart);
    }

    @Override
    public void nextToken(long nanosSinceLast) {
      metrics.nextToken(nanosSinceLast);
    }

    @Override
    public void over(String outcome, long nanosSinceStart, Usage usage) {
      metrics.over(outcome, nanosSinceStart, usage);
      if (over.compareAndSet(false, true)) {
        span.put("expertmesh.outcome", outcome);
        span.put("expertmesh.tokens.prompt", usage.prompt());
        span.put("expertmesh.tokens.cached", usage.cached());
        span.put("expertmesh.tokens.generated", usage.completion());
        end();
      }
    }
  }
}
