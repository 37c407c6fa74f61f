package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bodies over the limit: when they are answered, and what becomes of the connection. */
class LargeBodyTest {
  private static final int LIMIT = 1 << 20;
  private static final int DRAINED = 8 << 20;
  private static final byte[] HALF_MEGABYTE = new byte[1 << 19];
  private static final String LIVE = "GET /health/live HTTP/1.1\r\nHost: gateway\r\n\r\n";

  private static TestGateway gateway;
  private Socket socket;

  @BeforeAll
  static void startGateway() {
    // nobody serves there: no request of this test gets so far
    gateway =
        new TestGateway(
            TestGateway.TINY_MOE,
            "127.0.0.1:1",
            "--expertmesh.gateway.limits.body-bytes=" + LIMIT,
            "--expertmesh.gateway.limits.drain-bytes=" + DRAINED);
  }

  @AfterAll
  static void stopGateway() {
    gateway.close();
  }

  @BeforeEach
  void connect() throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port);
    socket.setSoTimeout(10_000);
  }

  @AfterEach
  void disconnect() throws IOException {
    socket.close();
  }

  @Test
  void aBodyOfTooManyDeclaredBytesIsAnsweredBeforeItHasArrived() throws IOException {
    head("Content-Length: " + 4 * LIMIT);
    assertThat(answer()).startsWith("HTTP/1.1 413").contains("limit of " + LIMIT + " bytes");
    for (int i = 0; i < 8; i++) {
      write(HALF_MEGABYTE);
    }
    theConnectionIsStillOfUse();
  }

  @Test
  void aBodyInChunksIsAnsweredAsSoonAsItIsOverTheLimit() throws IOException {
    head("Transfer-Encoding: chunked");
    for (int i = 0; i < 3; i++) {
      writeChunk();
    }
    assertThat(answer()).startsWith("HTTP/1.1 413").contains("limit of " + LIMIT + " bytes");
    writeChunk();
    write("0\r\n\r\n");
    theConnectionIsStillOfUse();
  }

  @Test
  void aBodyOfAnotherMediaTypeIsAnsweredBeforeItHasArrived() throws IOException {
    head("text/plain", "Content-Length: " + HALF_MEGABYTE.length);
    assertThat(answer()).startsWith("HTTP/1.1 415");
    write(HALF_MEGABYTE);
    theConnectionIsStillOfUse();
  }

  @Test
  void aClientThatAsksBeforeItSendsIsTurnedAway() throws IOException {
    head("Expect: 100-continue\r\nContent-Length: " + 4 * LIMIT);
    assertThat(answer()).startsWith("HTTP/1.1 413");
    assertThat(socket.getInputStream().read()).as("end of the connection").isEqualTo(-1);
  }

  @Test
  void aBodyWithoutEndIsCut() throws IOException {
    head("Transfer-Encoding: chunked");
    assertThatThrownBy(
            () -> {
              for (int sent = 0; sent < 16 * DRAINED; sent += HALF_MEGABYTE.length) {
                writeChunk();
              }
            })
        .isInstanceOf(IOException.class);
  }

  private void theConnectionIsStillOfUse() throws IOException {
    write(LIVE);
    assertThat(answer()).startsWith("HTTP/1.1 200").contains("live");
  }

  private void head(String length) throws IOException {
    head("application/json", length);
  }

  private void head(String type, String length) throws IOException {
    write(
        "POST /v1/completions HTTP/1.1\r\nHost: gateway\r\nContent-Type: "
            + type
            + "\r\n"
            + length
            + "\r\n\r\n");
  }

  private void writeChunk() throws IOException {
    write(Integer.toHexString(HALF_MEGABYTE.length) + "\r\n");
    write(HALF_MEGABYTE);
    write("\r\n");
  }

  private void write(String text) throws IOException {
    write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** The next whole answer: head, and body as long as the head says. */
  private String answer() throws IOException {
    String head = readTo("\r\n\r\n");
    int length = Integer.parseInt(head.replaceAll("(?is).*content-length: (\\d+).*", "$1"));
    return head + new String(socket.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
  }

  private String readTo(String end) throws IOException {
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
