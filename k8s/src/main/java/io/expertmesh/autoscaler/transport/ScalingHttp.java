package io.expertmesh.autoscaler.transport;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.expertmesh.autoscaler.core.Snapshot;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * {@code GET /v1/scaling} (every shard with its numbers and the reason of its replicas), {@code
 * /metrics}, {@code /health/live} and {@code /health/ready} over HTTP.
 */
public final class ScalingHttp implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService executor =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("scaling-http-", 0).factory());

  /**
   * Begins to serve.
   *
   * @param port 0 for any free one
   */
  public ScalingHttp(String host, int port, SnapshotBoard board) throws IOException {
    Objects.requireNonNull(board, "board");
    server = HttpServer.create(new InetSocketAddress(host, port), 0);
    server.setExecutor(executor);
    page("/v1/scaling", "application/json", ScalingReport::json, board);
    page("/metrics", "text/plain; version=0.0.4; charset=utf-8", ScalingReport::metrics, board);
    page(
        "/health/live", "text/plain", snapshot -> "live\n".getBytes(StandardCharsets.UTF_8), board);
    page(
        "/health/ready",
        "text/plain",
        snapshot -> "ready\n".getBytes(StandardCharsets.UTF_8),
        board);
    server.start();
  }

  private void page(
      String path, String type, Function<Snapshot, byte[]> content, SnapshotBoard board) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            boolean exact = exchange.getRequestURI().getPath().equals(path);
            if (!exact || !exchange.getRequestMethod().equals("GET")) {
              exchange.sendResponseHeaders(exact ? 405 : 404, -1);
            } else {
              answer(exchange, type, content.apply(board.latest()));
            }
          }
        });
  }

  private static void answer(HttpExchange exchange, String type, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  /** Port that it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}
