package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** {@code /v1/scaling} with an autoscaler, without one, and with one that does not answer. */
class ScalingRouteTest {
  private static final String SCALING = "/v1/scaling";
  private static final byte[] SNAPSHOT = "{\"shards\":[]}".getBytes(StandardCharsets.UTF_8);

  @Test
  void anAutoscalerThatIsAwayIsATemporaryErrorUntilItIsThere() throws Exception {
    InetSocketAddress address = unused();
    try (TestGateway gateway = gateway(address)) {
      requireUnavailable(gateway.get(SCALING), address);

      HttpServer autoscaler = HttpServer.create(address, 0);
      autoscaler.createContext(
          SCALING,
          exchange -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, SNAPSHOT.length);
            exchange.getResponseBody().write(SNAPSHOT);
            exchange.close();
          });
      autoscaler.start();
      assertThat(gateway.get(SCALING).statusCode()).isEqualTo(200);
      assertThat(gateway.get(SCALING).body()).isEqualTo("{\"shards\":[]}");

      autoscaler.stop(0);
      requireUnavailable(gateway.get(SCALING), address);
    }
  }

  @Test
  void anAutoscalerThatHangsIsATemporaryError() throws Exception {
    // Connections are taken by the system and never answered.
    try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        TestGateway gateway = gateway((InetSocketAddress) silent.getLocalSocketAddress())) {
      requireUnavailable(gateway.get(SCALING), (InetSocketAddress) silent.getLocalSocketAddress());
    }
  }

  @Test
  void withoutAnAutoscalerTheSentenceSaysHowToHaveOne() throws Exception {
    try (TestGateway gateway = new TestGateway(TestGateway.TINY_MOE, "127.0.0.1:1")) {
      HttpResponse<String> answer = gateway.get(SCALING);
      assertThat(answer.statusCode()).isEqualTo(404);
      assertThat(TestGateway.JSON.readTree(answer.body()).at("/error/message").asString())
          .isEqualTo(
              "This mesh has no autoscaler: expertmesh.gateway.autoscaler is empty; ./mesh up"
                  + " --autoscale sets it.");
      assertThat(gateway.post(SCALING, "{}").statusCode()).isEqualTo(405);
    }
  }

  private static TestGateway gateway(InetSocketAddress autoscaler) {
    return new TestGateway(
        TestGateway.TINY_MOE,
        "127.0.0.1:1",
        "--expertmesh.gateway.autoscaler=127.0.0.1:" + autoscaler.getPort());
  }

  private static void requireUnavailable(HttpResponse<String> answer, InetSocketAddress address) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).contains("2");
    JsonNode error = TestGateway.JSON.readTree(answer.body()).path("error");
    assertThat(error.path("code").asString()).isEqualTo("autoscaler_unavailable");
    assertThat(error.path("message").asString())
        .isEqualTo(
            "The autoscaler at 127.0.0.1:"
                + address.getPort()
                + " does not answer; it may be starting. Try again.");
  }

  private static InetSocketAddress unused() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return (InetSocketAddress) socket.getLocalSocketAddress();
    }
  }
}
