package io.expertmesh.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Health and metrics as an orchestrator sees them. */
class ManagementHttpTest {
  private final StatusBoard board = new StatusBoard("expert-service", "e-1", System::nanoTime);
  private final HttpClient client = HttpClient.newHttpClient();
  private ManagementHttp http;

  @BeforeEach
  void start() throws IOException {
    http = new ManagementHttp("127.0.0.1", 0, board, state -> state == ServiceState.READY);
  }

  @AfterEach
  void stop() {
    client.close();
    http.close();
  }

  @Test
  void aProcessIsLiveWhileItLoadsAndReadyWhenItSaysSo() throws Exception {
    board.state(ServiceState.PACKING, "packing 4 experts");
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
    assertThat(get("/health/ready").statusCode()).isEqualTo(503);
    assertThat(get("/health/ready").body()).isEqualTo("packing: packing 4 experts\n");
    board.state(ServiceState.READY, "");
    assertThat(get("/health/ready").statusCode()).isEqualTo(200);
  }

  @Test
  void aProcessThatFailedIsNotLive() throws Exception {
    board.state(ServiceState.FAILED, "expert 3 gave NaN");
    assertThat(get("/health/live").statusCode()).isEqualTo(503);
    assertThat(get("/health/ready").statusCode()).isEqualTo(503);
  }

  @Test
  void metricsHoldTheBoardAndTheTokensOfEveryExpert() throws Exception {
    board.state(ServiceState.READY, "");
    board.shard("experts-0");
    board.addTokens(7);
    board.counter("row_fallbacks").add(3);
    board.experts(
        () -> List.of(new LoadEvent.ExpertTokens(0, 4, 5), new LoadEvent.ExpertTokens(1, 4, 2)));
    HttpResponse<String> answer = get("/metrics");
    assertThat(answer.headers().firstValue("content-type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
    assertThat(answer.body().lines())
        .contains(
            "expertmesh_state{service=\"expert-service\",shard=\"experts-0\",state=\"ready\"} 1.0",
            "expertmesh_tokens_total{service=\"expert-service\",shard=\"experts-0\"} 7.0",
            "expertmesh_row_fallbacks_total{service=\"expert-service\",shard=\"experts-0\"} 3.0",
            "expertmesh_expert_tokens_total"
                + "{expert=\"4\",layer=\"1\",service=\"expert-service\",shard=\"experts-0\"} 2.0")
        .anyMatch(line -> line.matches("expertmesh_work_seconds\\{.*quantile=\"0\\.99\"} .*"));
  }

  @Test
  void nothingElseIsServed() throws Exception {
    assertThat(get("/").statusCode()).isEqualTo(404);
    HttpRequest post =
        HttpRequest.newBuilder(uri("/health/live"))
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> refused = client.send(post, HttpResponse.BodyHandlers.ofString());
    assertThat(refused.statusCode()).isEqualTo(405);
    assertThat(refused.headers().firstValue("allow")).contains("GET");
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + http.port() + path);
  }
}
