package io.expertmesh.protocol.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.trace.TraceSpan;
import io.expertmesh.protocol.core.trace.Tracing;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TracingSettingsTest {
  private static final String ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
  private static final String TRACES = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

  @Test
  void onlyAnEndpointSwitchesTracingOn() {
    assertThat(wanted(Map.of())).isFalse();
    assertThat(wanted(Map.of(ENDPOINT, " "))).isFalse();
    assertThat(wanted(Map.of("OTEL_TRACES_SAMPLER", "always_on"))).isFalse();
    assertThat(wanted(Map.of(ENDPOINT, "http://c:4318"))).isTrue();
    assertThat(wanted(Map.of(TRACES, "http://c:4318/v1/traces"))).isTrue();
  }

  @Test
  void theUsualVariablesSwitchItOffAgain() {
    assertThat(wanted(Map.of(ENDPOINT, "http://c:4318", "OTEL_SDK_DISABLED", "true"))).isFalse();
    assertThat(wanted(Map.of(ENDPOINT, "http://c:4318", "OTEL_TRACES_EXPORTER", "none"))).isFalse();
  }

  @Test
  void spansOfATracingThatIsOffAreNothing() {
    try (Tracing tracing = TracingSettings.tracing(name -> null, "gateway", "gateway-1")) {
      TraceSpan span = tracing.begin("POST /v1/completions", Tracing.Side.SERVER, "");
      assertThat(span).isSameAs(TraceSpan.none());
      assertThat(span.traceparent()).isEmpty();
    }
  }

  private static boolean wanted(Map<String, String> environment) {
    return TracingSettings.wanted(environment::get);
  }
}
