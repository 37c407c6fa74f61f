package io.expertmesh.benchmarks.routing;

import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.IntrospectionGrpc;
import io.expertmesh.protocol.v1.ServiceState;
import io.expertmesh.protocol.v1.ServiceStatus;
import io.expertmesh.protocol.v1.StatusRequest;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One service of the mesh as a process. Its standard input is a pipe that ends with this process,
 * and the service ends with it.
 */
final class ServiceProcess implements AutoCloseable {
  private static final long READY_SECONDS = 180;
  private static final long POLL_MILLIS = 100;
  private static final long EXIT_SECONDS = 15;

  private final String name;
  private final Process process;
  private final Path log;
  private final ManagedChannel channel;

  /**
   * Starts it.
   *
   * @param port loopback port that its configuration names
   */
  ServiceProcess(String name, List<String> command, int port, Path folder, MeshNetty netty)
      throws IOException {
    this.name = name;
    this.log = folder.resolve(name + ".log");
    this.process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    this.channel = netty.channel("127.0.0.1", port);
  }

  long pid() {
    return process.pid();
  }

  /**
   * Returns once it says that it is ready.
   *
   * @throws IllegalStateException if it ends or fails before, with what it wrote
   */
  void awaitReady() throws IOException, InterruptedException {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
    String last = "no answer";
    while (System.nanoTime() < giveUp) {
      if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        throw failed("ended with code " + process.exitValue());
      }
      channel.resetConnectBackoff();
      try {
        ServiceStatus status = status();
        last = status.getState() + " " + status.getDetail();
        if (status.getState() == ServiceState.SERVICE_STATE_READY) {
          return;
        }
        if (status.getState() == ServiceState.SERVICE_STATE_FAILED) {
          throw failed(last);
        }
      } catch (StatusRuntimeException e) {
        last = "no answer";
      }
    }
    throw failed("was not ready after " + READY_SECONDS + " s: " + last);
  }

  /** What it says of itself. */
  ServiceStatus status() {
    return IntrospectionGrpc.newBlockingStub(channel)
        .withDeadlineAfter(3, TimeUnit.SECONDS)
        .status(StatusRequest.getDefaultInstance());
  }

  private IllegalStateException failed(String how) throws IOException {
    return new IllegalStateException(name + " " + how + System.lineSeparator() + logged());
  }

  private String logged() throws IOException {
    return Files.exists(log) ? Files.readString(log) : "";
  }

  /** Asks it to end, without waiting. */
  void terminate() {
    channel.shutdownNow();
    process.destroy();
  }

  @Override
  public void close() {
    terminate();
    try {
      if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
