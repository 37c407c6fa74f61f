package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.trace.TraceSpan;
import io.expertmesh.protocol.core.trace.Tracing;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Spans through OpenTelemetry's SDK, exported over OTLP as its environment variables say. Spans
 * wait in a bounded queue and are sent by a thread of the SDK; what finds no room is dropped.
 */
public final class OtlpTracing implements Tracing {
  private static final Duration CLOSE = Duration.ofSeconds(2);
  private static final String TRACEPARENT = "traceparent";
  private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();

  private final OpenTelemetrySdk sdk;
  private final Tracer tracer;

  private OtlpTracing(OpenTelemetrySdk sdk) {
    this.sdk = sdk;
    tracer = sdk.getTracer("io.expertmesh");
  }

  /**
   * Starts to trace.
   *
   * @param service name of the service, unless the environment has one
   * @param instance name of the process
   */
  public static OtlpTracing start(String service, String instance) {
    // What the environment says goes before all of these.
    Map<String, String> defaults =
        Map.of(
            "otel.service.name", service,
            "otel.exporter.otlp.protocol", "http/protobuf",
            "otel.metrics.exporter", "none",
            "otel.logs.exporter", "none");
    Resource process =
        Resource.create(Attributes.of(AttributeKey.stringKey("service.instance.id"), instance));
    return new OtlpTracing(
        AutoConfiguredOpenTelemetrySdk.builder()
            .addPropertiesSupplier(() -> defaults)
            .addResourceCustomizer((resource, _) -> process.merge(resource))
            .disableShutdownHook()
            .build()
            .getOpenTelemetrySdk());
  }

  @Override
  public TraceSpan begin(String name, Side side, String parent) {
    SpanKind kind =
        switch (side) {
          case SERVER -> SpanKind.SERVER;
          case CLIENT -> SpanKind.CLIENT;
        };
    SpanBuilder builder = tracer.spanBuilder(name).setSpanKind(kind);
    return new OtlpSpan(
        builder.setParent(W3C.extract(Context.root(), parent, new Header())).startSpan());
  }

  @Override
  public void close() {
    sdk.getSdkTracerProvider().shutdown().join(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static final class Header implements TextMapGetter<String> {
    @Override
    public Iterable<String> keys(String parent) {
      return List.of(TRACEPARENT);
    }

    @Override
    public @Nullable String get(@Nullable String parent, String key) {
      return key.equals(TRACEPARENT) ? parent : null;
    }
  }

  private record OtlpSpan(Span span) implements TraceSpan {
    @Override
    public String traceparent() {
      String[] header = {""};
      W3C.inject(
          Context.root().with(span),
          header,
          (carrier, key, value) -> {
            if (carrier != null && key.equals(TRACEPARENT)) {
              carrier[0] = value;
            }
          });
      return header[0];
    }

    @Override
    public void put(String key, long value) {
      span.setAttribute(key, value);
    }

    @Override
    public void put(String key, String word) {
      span.setAttribute(key, word);
    }

    @Override
    public void event(String name) {
      span.addEvent(name);
    }

    @Override
    public void failed(String code) {
      span.setAttribute("error.type", code);
      span.setStatus(StatusCode.ERROR);
    }

    @Override
    public void end() {
      span.end();
    }
  }
}
