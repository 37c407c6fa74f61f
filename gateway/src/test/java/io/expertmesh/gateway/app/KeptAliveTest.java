package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
        RawConnection connection = new RawConnection(gateway.port)) {
      connection.write(slow + LIVE);
      assertThat(connection.readThrough("\"live\"")).startsWith("HTTP/1.1 503");
      connection.write(LIVE);
      assertThat(connection.readThrough("\"live\"")).contains("HTTP/1.1 200");
    }
  }
}
