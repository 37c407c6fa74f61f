package io.expertmesh.gateway.app;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One connection to a gateway, for requests as no client library writes them. */
final class RawConnection implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 10_000;

  private final Socket socket;

  RawConnection(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(TIMEOUT_MILLIS);
  }

  void write(String text) throws IOException {
    write(text.getBytes(StandardCharsets.US_ASCII));
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** What arrives until, and with, a text. */
  String readThrough(String end) throws IOException {
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

  /** The next whole answer: head, and body as long as the head says. */
  String answer() throws IOException {
    String head = readThrough("\r\n\r\n");
    int length = Integer.parseInt(head.replaceAll("(?is).*content-length: (\\d+).*", "$1"));
    byte[] body = socket.getInputStream().readNBytes(length);
    return head + new String(body, StandardCharsets.US_ASCII);
  }

  /** True if the gateway has closed the connection. */
  boolean isAtItsEnd() throws IOException {
    return socket.getInputStream().read() < 0;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
