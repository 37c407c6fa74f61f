package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.v1.GenerateRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Clients that leave or stop reading, and replicas that die. */
class FaultsTest {
  private static Socket send(TestGateway gateway, String body) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port);
    OutputStream out = socket.getOutputStream();
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + bytes.length
            + "\r\n\r\n";
    out.write(head.getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.flush();
    return socket;
  }

  @Test
  void aClientThatLeavesEndsTheWorkBehindItAtOnce() throws Exception {
    try (TestGeneration model = new TestGeneration("tiny-moe");
        TestGateway gateway = new TestGateway(TestGateway.TINY_MOE, List.of(model)).awaitReady()) {
      for (boolean stream : new boolean[] {true, false, true, false}) {
        model.reset();
        model.pauseAfter = 3;
        Socket client =
            send(
                gateway,
                "{\"prompt\":[5],\"ignore_eos\":true,\"max_tokens\":1000,\"stream\":"
                    + stream
                    + "}");
        assertThat(model.pausedAt.poll(20, TimeUnit.SECONDS)).isEqualTo(3);
        long left = System.nanoTime();
        client.close();
        Long cancelled = model.cancelledAtNanos.poll(20, TimeUnit.SECONDS);
        assertThat(cancelled).isNotNull();
        assertThat(Duration.ofNanos(cancelled - left)).isLessThan(Duration.ofMillis(100));
      }
    }
  }

  @Test
  void aReaderThatStopsReadingIsCut() throws Exception {
    try (TestGeneration model = new TestGeneration("tiny-moe");
        TestGateway gateway =
            new TestGateway(
                    TestGateway.TINY_MOE,
                    List.of(model),
                    "--expertmesh.gateway.write-timeout=1s",
                    "--expertmesh.gateway.limits.stream-bytes=200000")
                .awaitReady()) {
      model.context = 1_000_000;
      gateway.awaitReady();
      long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (!gateway.get("/v1/models").body().contains("1000000")) {
        assertThat(System.nanoTime()).isLessThan(deadline);
      }
      try (Socket client =
          send(
              gateway,
              "{\"prompt\":[5],\"ignore_eos\":true,\"max_tokens\":900000,\"stream\":true}")) {
        assertThat(model.cancelledAtNanos.poll(60, TimeUnit.SECONDS)).isNotNull();
        client.setSoTimeout(20_000);
        assertThat(drain(client.getInputStream())).isLessThan(50L << 20);
      }
      gateway.ok("/v1/completions", "{\"prompt\":[5],\"max_tokens\":2,\"ignore_eos\":true}");
    }
  }

  @Test
  void oneQuestionWithoutAnAnswerIsNotALossAndTwoAre() throws Exception {
    String body = "{\"prompt\":[5],\"max_tokens\":2,\"ignore_eos\":true}";
    try (TestGeneration model = new TestGeneration("tiny-moe");
        TestGateway gateway = new TestGateway(TestGateway.TINY_MOE, List.of(model)).awaitReady()) {
      model.unanswered.set(1);
      long until = System.nanoTime() + Duration.ofSeconds(3).toNanos();
      while (System.nanoTime() < until) {
        gateway.ok("/v1/completions", body);
      }
      assertThat(model.unanswered).hasValue(0);

      model.unanswered.set(Integer.MAX_VALUE);
      until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (gateway.post("/v1/completions", body).statusCode() == 200) {
        assertThat(System.nanoTime()).as("it is not lost").isLessThan(until);
      }
      model.unanswered.set(0);
      gateway.awaitReady();
      gateway.ok("/v1/completions", body);
    }
  }

  /** Reads to the end of a connection, however it ends. */
  private static long drain(InputStream in) throws IOException {
    byte[] buffer = new byte[1 << 16];
    long total = 0;
    try {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        total += count;
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the connection was not closed", e);
    } catch (IOException reset) {
      return total;
    }
    return total;
  }

  @Test
  void aStreamContinuesOnAnotherReplica() throws Exception {
    for (boolean stream : new boolean[] {true, false}) {
      TestGeneration first = new TestGeneration("tiny-moe");
      try (TestGeneration second = new TestGeneration("tiny-moe");
          TestGateway gateway =
              new TestGateway(TestGateway.TINY_MOE, List.of(first, second)).awaitReady()) {
        second.ready = false;
        first.pauseAfter = 17;
        first.delayMillis = 5;
        second.delayMillis = 5;
        String body =
            "{\"prompt\":[5,6,7],\"seed\":11,\"ignore_eos\":true,\"max_tokens\":40,"
                + "\"return_token_ids\":true,\"stream\":"
                + stream
                + "}";
        second.pauseAfter = 17;
        CompletableFuture<List<JsonNode>> answer =
            CompletableFuture.supplyAsync(() -> answers(gateway, body, stream));
        TestGeneration serving = awaitPaused(first, second);
        TestGeneration other = serving == first ? second : first;
        other.ready = true;
        other.pauseAfter = Integer.MAX_VALUE;
        serving.kill();
        List<Integer> ids = new ArrayList<>();
        for (JsonNode event : answer.get(30, TimeUnit.SECONDS)) {
          event.at("/choices/0/token_ids").forEach(id -> ids.add(id.intValue()));
        }
        GenerateRequest begun = serving.requests.get(0);
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
          expected.add(TestGeneration.tokenAt(begun, i));
        }
        assertThat(ids).isEqualTo(expected);
        assertThat(other.requests.get(0).getGenerated()).isBetween(1, 17);
      } finally {
        first.close();
      }
    }
  }

  private static TestGeneration awaitPaused(TestGeneration first, TestGeneration second)
      throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (System.nanoTime() < deadline) {
      if (first.pausedAt.poll(10, TimeUnit.MILLISECONDS) != null) {
        return first;
      }
      if (second.pausedAt.poll(10, TimeUnit.MILLISECONDS) != null) {
        return second;
      }
    }
    throw new AssertionError("no replica generated");
  }

  private static List<JsonNode> answers(TestGateway gateway, String body, boolean stream) {
    try {
      return stream
          ? gateway.events("/v1/completions", body)
          : List.of(gateway.ok("/v1/completions", body));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void withoutAnyReplicaRequestsFailAtOnceAndReadinessSaysWhy() throws Exception {
    TestGeneration gone = new TestGeneration("tiny-moe");
    String address = gone.address();
    gone.close();
    try (TestGateway gateway = new TestGateway(TestGateway.TINY_MOE, address)) {
      assertThat(gateway.post("/v1/completions", "{\"prompt\":[5]}").statusCode()).isEqualTo(503);
      assertThat(gateway.get("/health/ready").statusCode()).isEqualTo(503);
      assertThat(gateway.get("/health/ready").body()).contains(address);
      assertThat(gateway.get("/health/live").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aGatewayThatStartsWhileAnExpertSleepsTakesTheRequestThatWakesIt() throws Exception {
    try (TestGeneration model = new TestGeneration("tiny-moe")) {
      model.ready = false;
      model.waits = true;
      try (TestGateway gateway =
          new TestGateway(TestGateway.TINY_MOE, model.address()).awaitReady()) {
        assertThat(gateway.get("/health/ready").body()).contains("layer 3 expert 5");
        gateway.ok("/v1/completions", "{\"prompt\":[5],\"max_tokens\":3,\"ignore_eos\":true}");
        assertThat(model.requests).hasSize(1);
      }
    }
  }

  @Test
  void aCheckpointWithoutATokenizerIsServedOnIds() throws Exception {
    try (TestGeneration model = new TestGeneration("mixtral");
        TestGateway gateway =
            new TestGateway("../model/src/test/resources/golden/mixtral", List.of(model))
                .awaitReady()) {
      JsonNode answer =
          gateway.ok(
              "/v1/completions",
              "{\"prompt\":[5],\"max_tokens\":2,\"seed\":1,\"ignore_eos\":true,\"logprobs\":1}");
      int token = TestGeneration.tokenAt(model.requests.get(0), 0);
      assertThat(answer.at("/choices/0/text").asString()).startsWith("token_id:" + token + " ");
      assertThat(answer.at("/choices/0/logprobs/tokens/0").asString())
          .isEqualTo("token_id:" + token);
      assertThat(gateway.post("/v1/completions", "{\"prompt\":\"text\"}").body())
          .contains("no tokenizer");
    }
  }
}
