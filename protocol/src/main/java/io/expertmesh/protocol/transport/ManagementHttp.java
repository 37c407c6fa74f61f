package io.expertmesh.protocol.transport;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.expertmesh.protocol.core.ServiceSnapshot;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * {@code /metrics}, {@code /health/live} and {@code /health/ready} over plain HTTP, for
 * orchestrators and for collectors of metrics, which have no certificate of the mesh. Nothing can
 * be changed through it.
 */
public final class ManagementHttp implements AutoCloseable {
  private static final String TEXT = "text/plain; charset=utf-8";

  private final StatusBoard board;
  private final BoardMetrics metrics;
  private final Predicate<ServiceState> ready;
  private final ExecutorService executor =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("management-", 0).factory());
  private final HttpServer server;

  /**
   * Begins to serve.
   *
   * @param port 0 for any free one
   * @param ready states in which others may use the process
   * @throws IOException if the address is taken
   */
  public ManagementHttp(String host, int port, StatusBoard board, Predicate<ServiceState> ready)
      throws IOException {
    this.board = Objects.requireNonNull(board, "board");
    this.ready = Objects.requireNonNull(ready, "ready");
    metrics = new BoardMetrics(board);
    server = HttpServer.create(new InetSocketAddress(host, port), 0);
    server.setExecutor(executor);
    server.createContext("/", this::handle);
    server.start();
  }

  /** The port that it serves on. */
  public int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET");
        answer(exchange, 405, TEXT, bytes("This path takes GET only."));
        return;
      }
      ServiceSnapshot now = board.snapshot();
      switch (exchange.getRequestURI().getPath()) {
        case "/metrics" -> answer(exchange, 200, BoardMetrics.MEDIA_TYPE, metrics.text());
        case "/health/live" -> answer(exchange, live(now) ? 200 : 503, TEXT, state(now));
        case "/health/ready" ->
            answer(exchange, ready.test(now.state()) ? 200 : 503, TEXT, state(now));
        default -> answer(exchange, 404, TEXT, bytes("There is no such path."));
      }
    }
  }

  /** A process that failed does not come back by itself. */
  private static boolean live(ServiceSnapshot now) {
    return now.state() != ServiceState.FAILED;
  }

  private static byte[] state(ServiceSnapshot now) {
    String detail = now.detail();
    String state = now.state().name().toLowerCase(Locale.ROOT).replace('_', '-');
    return bytes(detail.isEmpty() ? state : state + ": " + detail);
  }

  private static byte[] bytes(String line) {
    return (line + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    server.stop(0);
    executor.close();
  }
}
