package io.expertmesh.tests.scaling;

import io.expertmesh.tests.support.MeshUnderTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/** The broker that a mesh brings along, as a process of its own on ports and data of its own. */
final class BrokerUnderTest implements AutoCloseable {
  private final Path folder;
  private final int port = MeshUnderTest.freePort();
  private final int controllerPort = MeshUnderTest.freePort();
  private @Nullable Process process;

  BrokerUnderTest() {
    try {
      folder = Files.createTempDirectory("broker-test-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start();
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /** Starts it on the data that it had, and returns when it answers. */
  void start() {
    process =
        BrokerProcess.start(
            folder.resolve("broker.log"),
            "io.expertmesh.kafka.app.BrokerApplication",
            List.of(
                "--expertmesh.kafka.port=" + port,
                "--expertmesh.kafka.controller-port=" + controllerPort,
                "--expertmesh.kafka.data=" + folder.resolve("data")));
    awaitAnswer();
  }

  /** The client asks again and again by itself until the broker is there. */
  private void awaitAnswer() {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", address());
    properties.setProperty("default.api.timeout.ms", "120000");
    properties.setProperty("request.timeout.ms", "110000");
    properties.setProperty("reconnect.backoff.max.ms", "200");
    try (Admin admin = Admin.create(properties)) {
      admin.describeCluster().nodes().get(120, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("the broker does not answer; its log: " + log(), e);
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("broker.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Makes its topic anew: everything in it, and its identity, is gone. */
  void removeTopic(String topic) {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", address());
    try (Admin admin = Admin.create(properties)) {
      admin.deleteTopics(List.of(topic)).all().get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("the topic cannot be removed", e);
    }
  }

  void signal(String signal) {
    try {
      int status = new ProcessBuilder("kill", "-" + signal, "" + running().pid()).start().waitFor();
      if (status != 0) {
        throw new AssertionError("kill -" + signal + " ended with " + status);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Process running() {
    Process child = process;
    if (child == null) {
      throw new IllegalStateException("the broker was not started");
    }
    return child;
  }

  /** Ends it as a power cut would. */
  void kill() {
    running().destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    kill();
    try (var files = Files.walk(folder)) {
      files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(Arrays.toString(folder.toFile().list()), e);
    }
  }
}
