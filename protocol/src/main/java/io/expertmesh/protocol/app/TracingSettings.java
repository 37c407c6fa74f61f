package io.expertmesh.protocol.app;

import io.expertmesh.protocol.core.trace.Tracing;
import io.expertmesh.protocol.transport.OtlpTracing;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Whether to trace, from the environment variables of OpenTelemetry. Unless one of them names an
 * endpoint, no class of its SDK is loaded.
 */
public final class TracingSettings {
  private TracingSettings() {}

  /**
   * What the environment asks for.
   *
   * @param variable value of an environment variable, null if it is not set
   * @param service name of the service
   * @param instance name of the process
   */
  public static Tracing tracing(
      UnaryOperator<@Nullable String> variable, String service, String instance) {
    return wanted(variable) ? OtlpTracing.start(service, instance) : Tracing.off();
  }

  static boolean wanted(UnaryOperator<@Nullable String> variable) {
    boolean endpoint =
        isSet(variable, "OTEL_EXPORTER_OTLP_ENDPOINT")
            || isSet(variable, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    return endpoint
        && !"true".equalsIgnoreCase(variable.apply("OTEL_SDK_DISABLED"))
        && !"none".equals(variable.apply("OTEL_TRACES_EXPORTER"));
  }

  private static boolean isSet(UnaryOperator<@Nullable String> variable, String name) {
    return !Objects.requireNonNullElse(variable.apply(name), "").isBlank();
  }
}
