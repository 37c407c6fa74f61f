package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
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
  private RawConnection connection;

  @BeforeAll
  static void startGateway() {
    // nobody serves there: no request of this test gets so far
    gateway =
        new TestGateway(
            TestGateway.TINY_MOE,
            "127.0.0.1:1",
            "--expertmesh.gateway.body-timeout=5s",
            "--expertmesh.gateway.limits.body-bytes=" + LIMIT,
            "--expertmesh.gateway.limits.drain-bytes=" + DRAINED);
  }

  @AfterAll
  static void stopGateway() {
    gateway.close();
  }

  @BeforeEach
  void connect() throws IOException {
    connection = new RawConnection(gateway.port);
  }

  @AfterEach
  void disconnect() throws IOException {
    connection.close();
  }

  @Test
  void aBodyOfTooManyDeclaredBytesIsAnsweredBeforeItHasArrived() throws IOException {
    head("Content-Length: " + 4 * LIMIT);
    assertThat(connection.answer())
        .startsWith("HTTP/1.1 413")
        .contains("limit of " + LIMIT + " bytes");
    for (int i = 0; i < 8; i++) {
      connection.write(HALF_MEGABYTE);
    }
    theConnectionIsStillOfUse();
  }

  @Test
  void aBodyInChunksIsAnsweredAsSoonAsItIsOverTheLimit() throws IOException {
    head("Transfer-Encoding: chunked");
    for (int i = 0; i < 3; i++) {
      writeChunk();
    }
    assertThat(connection.answer())
        .startsWith("HTTP/1.1 413")
        .contains("limit of " + LIMIT + " bytes");
    writeChunk();
    connection.write("0\r\n\r\n");
    theConnectionIsStillOfUse();
  }

  @Test
  void aBodyOfAnotherMediaTypeIsAnsweredBeforeItHasArrived() throws IOException {
    head("text/plain", "Content-Length: " + HALF_MEGABYTE.length);
    assertThat(connection.answer()).startsWith("HTTP/1.1 415");
    connection.write(HALF_MEGABYTE);
    theConnectionIsStillOfUse();
  }

  @Test
  void aClientThatAsksBeforeItSendsIsTurnedAway() throws IOException {
    head("Expect: 100-continue\r\nContent-Length: " + 4 * LIMIT);
    assertThat(connection.answer()).startsWith("HTTP/1.1 413");
    assertThat(connection.isAtItsEnd()).isTrue();
  }

  @Test
  void theRestOfARefusedBodyIsNotWaitedForLongerThanForAnyBody() throws IOException {
    head("Content-Length: " + 4 * LIMIT);
    assertThat(connection.answer()).startsWith("HTTP/1.1 413");
    assertThat(connection.isAtItsEnd()).isTrue();
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
    connection.write(LIVE);
    assertThat(connection.answer()).startsWith("HTTP/1.1 200").contains("live");
  }

  private void head(String length) throws IOException {
    head("application/json", length);
  }

  private void head(String type, String length) throws IOException {
    connection.write(
        "POST /v1/completions HTTP/1.1\r\nHost: gateway\r\nContent-Type: "
            + type
            + "\r\n"
            + length
            + "\r\n\r\n");
  }

  private void writeChunk() throws IOException {
    connection.write(Integer.toHexString(HALF_MEGABYTE.length) + "\r\n");
    connection.write(HALF_MEGABYTE);
    connection.write("\r\n");
  }
}
