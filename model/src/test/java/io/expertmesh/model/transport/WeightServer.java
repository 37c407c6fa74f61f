package io.expertmesh.model.transport;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Serves a folder in parts, counts what it sends, and misbehaves when told to. */
final class WeightServer implements AutoCloseable {
  /** One answer that is not as it should be. */
  interface Fault {
    /**
     * @param path that is asked for
     * @param range header; empty if there is none
     * @return false to answer as usual
     */
    boolean answer(HttpExchange exchange, String path, String range) throws IOException;
  }

  final LongAdder sent = new LongAdder();
  final List<String> asked = new CopyOnWriteArrayList<>();
  final ConcurrentLinkedDeque<Fault> once = new ConcurrentLinkedDeque<>();
  volatile @Nullable Fault always;
  volatile String version = "\"1\"";

  private final Path folder;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  WeightServer(Path folder) throws IOException {
    this.folder = folder;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/m/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/m";
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath().substring("/m/".length());
      String header = exchange.getRequestHeaders().getFirst("Range");
      String range = header == null ? "" : header;
      asked.add(path + " " + range);
      if (faulty(exchange, path, range)) {
        return;
      }
      Path file = folder.resolve(path);
      if (!Files.exists(file)) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      long length = Files.size(file);
      long from = 0;
      long to = length;
      if (!range.isEmpty()) {
        String[] ends = range.substring("bytes=".length()).split("-");
        from = Long.parseLong(ends[0]);
        to = Math.min(length, Long.parseLong(ends[1]) + 1);
      }
      headers(exchange, from, to, length);
      exchange.sendResponseHeaders(range.isEmpty() ? 200 : 206, to - from);
      send(exchange, from, to);
    }
  }

  private boolean faulty(HttpExchange exchange, String path, String range) throws IOException {
    Fault lasting = always;
    if (lasting != null) {
      return lasting.answer(exchange, path, range);
    }
    Fault next = once.poll();
    if (next == null) {
      return false;
    }
    if (next.answer(exchange, path, range)) {
      return true;
    }
    once.addFirst(next);
    return false;
  }

  /** The headers of a part. */
  void headers(HttpExchange exchange, long from, long to, long length) {
    if (!version.isEmpty()) {
      exchange.getResponseHeaders().set("ETag", version);
    }
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + length);
  }

  /** Bytes of the file that is asked for. */
  void send(HttpExchange exchange, long from, long to) throws IOException {
    Path file = folder.resolve(exchange.getRequestURI().getPath().substring("/m/".length()));
    OutputStream out = exchange.getResponseBody();
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
      for (long at = from; at < to; ) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), to - at));
        int read = channel.read(buffer, at);
        out.write(buffer.array(), 0, read);
        sent.add(read);
        at += read;
      }
    }
    out.flush();
  }

  /** Answers with a status alone. */
  static Fault status(int status) {
    return (exchange, _, _) -> {
      exchange.sendResponseHeaders(status, -1);
      return true;
    };
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    threads.close();
  }
}
