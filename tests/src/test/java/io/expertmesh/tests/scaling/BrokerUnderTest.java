package io.expertmesh.tests.scaling;

import io.expertmesh.tests.support.MeshUnderTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The broker that a mesh brings along, as a process of its own on ports and data of its own. */
final class BrokerUnderTest implements FaultyBroker {
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

  @Override
  public String address() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void start() {
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

  @Override
  public String log() {
    try {
      return Files.readString(folder.resolve("broker.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void pause() {
    signal("STOP");
  }

  @Override
  public void resume() {
    signal("CONT");
  }

  private void signal(String signal) {
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

  @Override
  public void kill() {
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
