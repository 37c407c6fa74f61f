package io.expertmesh.benchmarks.input;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * A client that costs next to nothing itself: it writes a whole request to a connection of its own
 * and reads the answer afterwards, as most clients do. (The JDK's client needs a quarter of a
 * second to write 50 MB on a machine where memory that is touched first is dear.)
 */
final class PlainPost {
  private static final int TIMEOUT_MILLIS = 60_000;

  private final URI endpoint;

  /**
   * @param endpoint where JSON is posted to, over plain HTTP
   */
  PlainPost(URI endpoint) {
    this.endpoint = endpoint;
  }

  /**
   * What came back.
   *
   * @param status of HTTP
   * @param body the rest, as text
   */
  record Answer(int status, String body) {}

  /** Sends a body and reads the answer to its end. */
  Answer send(byte[] body) throws IOException {
    try (Socket socket = new Socket(endpoint.getHost(), endpoint.getPort())) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.setTcpNoDelay(true);
      OutputStream out = socket.getOutputStream();
      out.write(head(body.length).getBytes(StandardCharsets.US_ASCII));
      out.write(body);
      return read(socket.getInputStream());
    }
  }

  private String head(int length) {
    return """
        POST %s HTTP/1.1
        Host: %s
        Content-Type: application/json
        Content-Length: %d
        Connection: close

        """
        .formatted(endpoint.getPath(), endpoint.getAuthority(), length)
        .replace("\n", "\r\n");
  }

  private static Answer read(InputStream in) throws IOException {
    String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    int end = answer.indexOf("\r\n\r\n");
    if (end < 0 || !answer.startsWith("HTTP/1.1 ")) {
      throw new IOException("not an answer of HTTP: " + answer);
    }
    return new Answer(Integer.parseInt(answer.substring(9, 12)), answer.substring(end + 4));
  }
}
