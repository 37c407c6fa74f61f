package io.expertmesh.protocol.transport;

import java.security.KeyStore;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.security.auth.SslEngineFactory;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.jspecify.annotations.Nullable;

/**
 * TLS of a Kafka client, with certificates that may be replaced while it runs: whenever a
 * connection begins, the files of key store and trust store are looked at, and read again if they
 * changed. Kafka itself does so for brokers only. All keys below {@code ssl.} mean what Kafka says.
 * What has changed and cannot be used (a file half written) is logged, and the last good material
 * stays. Kafka makes it by its name, so it has no arguments.
 */
public final class ReloadingSslEngineFactory implements SslEngineFactory {
  private static final System.Logger LOG =
      System.getLogger(ReloadingSslEngineFactory.class.getName());

  // All guarded by this.
  private final Map<String, Object> keys = new HashMap<>();
  private DefaultSslEngineFactory current = new DefaultSslEngineFactory();
  private String trouble = "";

  @Override
  public synchronized void configure(Map<String, ?> configuration) {
    keys.clear();
    keys.putAll(configuration);
    current = read();
  }

  private DefaultSslEngineFactory read() {
    DefaultSslEngineFactory read = new DefaultSslEngineFactory();
    read.configure(keys);
    return read;
  }

  @Override
  public synchronized SSLEngine createClientSslEngine(
      String peerHost, int peerPort, String endpointIdentification) {
    reload();
    return current.createClientSslEngine(peerHost, peerPort, endpointIdentification);
  }

  private void reload() {
    if (!current.shouldBeRebuilt(keys)) {
      return;
    }
    try {
      current = read();
      trouble = "";
      LOG.log(System.Logger.Level.INFO, "Certificates for Kafka reloaded");
    } catch (KafkaException e) {
      String sentence = cause(e);
      if (!sentence.equals(trouble)) {
        // Once, not at every connection.
        trouble = sentence;
        LOG.log(
            System.Logger.Level.WARNING,
            "The certificates for Kafka in use stay, the ones found cannot be used: {0}",
            sentence);
      }
    }
  }

  private static String cause(Throwable failure) {
    Throwable deepest = failure;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return String.valueOf(deepest.getMessage());
  }

  @Override
  public SSLEngine createServerSslEngine(String peerHost, int peerPort) {
    throw new UnsupportedOperationException("for clients only");
  }

  /** Never: it renews itself. */
  @Override
  public boolean shouldBeRebuilt(Map<String, Object> nextConfiguration) {
    return false;
  }

  @Override
  public Set<String> reconfigurableConfigs() {
    return Set.of();
  }

  @Override
  public synchronized @Nullable KeyStore keystore() {
    return current.keystore();
  }

  @Override
  public synchronized @Nullable KeyStore truststore() {
    return current.truststore();
  }

  @Override
  public synchronized void close() {
    current.close();
  }
}
