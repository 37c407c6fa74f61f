package io.expertmesh.protocol.core;

import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where load events go.
 *
 * @param kafka {@code host:port,...} of brokers; empty to publish nothing
 * @param topic topic of the events
 * @param clientConfig file of further properties of the Kafka client, e.g. for TLS and SASL; empty
 *     if there is none
 */
public record TelemetrySettings(String kafka, String topic, String clientConfig) {
  private static final String PREFIX = "expertmesh.telemetry.";

  public TelemetrySettings {
    Objects.requireNonNull(kafka, "kafka");
    Objects.requireNonNull(topic, "topic");
    Objects.requireNonNull(clientConfig, "clientConfig");
    if (topic.isBlank()) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT, PREFIX + "topic is empty, must name a topic.");
    }
    if (!kafka.isBlank()) {
      HostPort.list(PREFIX + "kafka", java.util.List.of(kafka.split(",", -1)));
    }
  }

  /**
   * Reads {@code expertmesh.telemetry.kafka}, {@code .topic} and {@code .client-config}.
   *
   * @param property value of a key, null if it is not set
   */
  public static TelemetrySettings of(UnaryOperator<@Nullable String> property) {
    return new TelemetrySettings(
        value(property, "kafka", ""),
        value(property, "topic", LoadEvent.TOPIC),
        value(property, "client-config", ""));
  }

  private static String value(
      UnaryOperator<@Nullable String> property, String key, String otherwise) {
    String value = property.apply(PREFIX + key);
    return value == null ? otherwise : value.strip();
  }

  /** True if there is a Kafka to publish to. */
  public boolean enabled() {
    return !kafka.isEmpty();
  }
}
