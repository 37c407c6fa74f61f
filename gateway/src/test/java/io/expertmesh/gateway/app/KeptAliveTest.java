package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Requests that follow each other on one connection. */
class KeptAliveTest {
  private static final String LIVE = "GET /health/live HTTP/1.1\r\nHost: gateway\r\n\r\n";

  @Test
  void aConnectionIsReadOnAfterARequestThatWaitedBehindAnother() throws IOException {
    String body = "{\"prompt\":[5],\"max_tokens\":2}";
    String slow =
        "POST /v1/completions HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
            + "Content-Length: %d\r\n\r\n%s".formatted(body.length(), body);
    // Nobody serves there: the first request is answered from another thread with an error.
    try (TestGateway gateway = new TestGateway(TestGateway.TINY_MOE, "127.0.0.1:1");
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port)) {
      socket.setSoTimeout(10_000);
      write(socket, slow + LIVE);
      assertThat(readThrough(socket, "\"live\"")).startsWith("HTTP/1.1 503");
      write(socket, LIVE);
      assertThat(readThrough(socket, "\"live\"")).contains("HTTP/1.1 200");
    }
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String readThrough(Socket socket, String end) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int next = in.read();
      if (next < 0) {
        throw new AssertionError("the connection ended after: " + text);
      }
      text.append((char) next);
    }
    return text.toString();
  }
}
