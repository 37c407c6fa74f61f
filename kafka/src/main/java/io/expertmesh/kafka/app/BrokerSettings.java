package io.expertmesh.kafka.app;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;

/**
 * What the one node of an embedded cluster is configured with: broker and controller in one
 * process, on the loopback address, small buffers, ten minutes of data.
 *
 * @param host address that both listeners take
 * @param port port that clients dial
 * @param controllerPort port on which the node talks with itself
 * @param data directory of the node's logs
 */
record BrokerSettings(String host, int port, int controllerPort, Path data) {
  private static final String PREFIX = "--expertmesh.kafka.";
  private static final String RETENTION_MILLIS = "600000";
  private static final String SEGMENT_BYTES = "16777216";

  BrokerSettings {
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(data, "data");
    within("port", port);
    within("controller-port", controllerPort);
  }

  private static void within(String key, int port) {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException(
          "expertmesh.kafka." + key + " is " + port + ", must be from 1 to 65535.");
    }
  }

  /**
   * Reads {@code --expertmesh.kafka.host, .port, .controller-port} and {@code .data}; other
   * arguments are none of ours.
   *
   * @throws IllegalArgumentException which names the key that is missing or wrong
   */
  static BrokerSettings of(String... arguments) {
    Map<String, String> given = new LinkedHashMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      if (argument.startsWith(PREFIX) && equals > 0) {
        given.put(argument.substring(PREFIX.length(), equals), argument.substring(equals + 1));
      }
    }
    return new BrokerSettings(
        given.getOrDefault("host", "127.0.0.1"),
        number(given, "port"),
        number(given, "controller-port"),
        Path.of(text(given, "data")));
  }

  private static int number(Map<String, String> given, String key) {
    String text = text(given, key);
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "expertmesh.kafka." + key + " is '" + text + "', must be a number.", e);
    }
  }

  private static String text(Map<String, String> given, String key) {
    String text = given.get(key);
    if (text == null || text.isBlank()) {
      throw new IllegalArgumentException("expertmesh.kafka." + key + " is not set.");
    }
    return text;
  }

  /** The node's configuration. */
  Properties properties() {
    Properties p = new Properties();
    p.setProperty("process.roles", "broker,controller");
    p.setProperty("node.id", "1");
    p.setProperty("controller.quorum.voters", "1@" + host + ":" + controllerPort);
    p.setProperty(
        "listeners",
        "PLAINTEXT://" + host + ":" + port + ",CONTROLLER://" + host + ":" + controllerPort);
    p.setProperty("advertised.listeners", "PLAINTEXT://" + host + ":" + port);
    p.setProperty("controller.listener.names", "CONTROLLER");
    p.setProperty("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
    p.setProperty("log.dirs", data.toString());
    p.setProperty("num.partitions", "1");
    // The broker's clock is the one that all readers share; those of the writers may be wrong.
    p.setProperty("log.message.timestamp.type", "LogAppendTime");
    p.setProperty("log.retention.ms", RETENTION_MILLIS);
    p.setProperty("log.segment.bytes", SEGMENT_BYTES);
    for (String topic : new String[] {"offsets.topic", "transaction.state.log"}) {
      p.setProperty(topic + ".replication.factor", "1");
      p.setProperty(topic + ".num.partitions", "1");
    }
    p.setProperty("transaction.state.log.min.isr", "1");
    p.setProperty("share.coordinator.state.topic.replication.factor", "1");
    p.setProperty("share.coordinator.state.topic.num.partitions", "1");
    p.setProperty("share.coordinator.state.topic.min.isr", "1");
    p.setProperty("group.initial.rebalance.delay.ms", "0");
    p.setProperty("num.network.threads", "1");
    p.setProperty("num.io.threads", "2");
    p.setProperty("num.recovery.threads.per.data.dir", "1");
    p.setProperty("background.threads", "2");
    p.setProperty("log.cleaner.dedupe.buffer.size", "2097152");
    return p;
  }
}
