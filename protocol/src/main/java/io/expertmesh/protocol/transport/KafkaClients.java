package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.TelemetrySettings;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** Properties that every Kafka client of the mesh has. */
public final class KafkaClients {
  private static final String RECONNECT_MILLIS = "250";
  private static final String RECONNECT_MAX_MILLIS = "2000";

  private KafkaClients() {}

  /**
   * Brokers, patience between attempts to connect, certificates that are read again when they
   * change, and what the operator's file adds.
   *
   * @throws MeshException INVALID_ARGUMENT if the file cannot be read
   */
  public static Properties properties(TelemetrySettings settings) {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", settings.kafka());
    properties.setProperty("reconnect.backoff.ms", RECONNECT_MILLIS);
    properties.setProperty("reconnect.backoff.max.ms", RECONNECT_MAX_MILLIS);
    properties.setProperty("enable.metrics.push", "false");
    properties.setProperty("ssl.engine.factory.class", ReloadingSslEngineFactory.class.getName());
    if (!settings.clientConfig().isEmpty()) {
      Path file = Path.of(settings.clientConfig());
      try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        properties.load(in);
      } catch (IOException e) {
        throw new MeshException(
            ErrorCode.INVALID_ARGUMENT,
            "expertmesh.telemetry.client-config is '" + file + "', which cannot be read.");
      }
    }
    return properties;
  }
}
