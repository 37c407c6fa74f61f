package io.expertmesh.tests.scaling;

import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/** A Kafka node of its own, at an address that stays, to which the worst may happen. */
interface FaultyBroker extends AutoCloseable {
  /** Host and port for clients. */
  String address();

  /** Starts it on the data that it had, and returns when it answers. */
  void start();

  /** Ends it as a power cut would. */
  void kill();

  /** From here on it answers nothing, without closing a connection. */
  void pause();

  /** Ends {@link #pause}. */
  void resume();

  /** What it wrote. */
  String log();

  @Override
  void close();

  /** Makes its topic anew: everything in it, and its identity, is gone. */
  default void removeTopic(String topic) {
    try (Admin admin = Admin.create(patient())) {
      admin.deleteTopics(List.of(topic)).all().get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("the topic cannot be removed", e);
    }
  }

  /** The client asks again and again by itself until the broker is there. */
  default void awaitAnswer() {
    try (Admin admin = Admin.create(patient())) {
      admin.describeCluster().nodes().get(120, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("the broker does not answer; its log: " + log(), e);
    }
  }

  private Properties patient() {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", address());
    properties.setProperty("default.api.timeout.ms", "120000");
    properties.setProperty("request.timeout.ms", "110000");
    properties.setProperty("reconnect.backoff.max.ms", "200");
    return properties;
  }
}
