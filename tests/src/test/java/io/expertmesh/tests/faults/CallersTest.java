package io.expertmesh.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.v1.ServiceStatus;
import io.expertmesh.tests.support.MeshUnderTest;
import io.expertmesh.tests.support.OpenAiClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Callers that ask too much, leave, or do not read, against a whole mesh of processes. */
class CallersTest {
  private static final Map<String, Object> SHORT =
      Map.of("prompt", List.of(5, 6, 7), "max_tokens", 4, "ignore_eos", true);

  private static MeshUnderTest mesh;

  @BeforeAll
  static void start() {
    mesh =
        MeshUnderTest.up(
            MeshUnderTest.bundledModel(),
            "--experts",
            "2",
            "--set",
            "expertmesh.attention.max-sequences=2",
            "--set",
            "expertmesh.attention.max-queue=2",
            "--set",
            "expertmesh.attention.expert-wait-seconds=0",
            "--set",
            "expertmesh.gateway.write-timeout=1s");
  }

  @AfterAll
  static void stop() {
    if (mesh != null) {
      mesh.close();
    }
  }

  @AfterEach
  void theMeshServesOn() {
    awaitIdle();
    assertThat(mesh.client().post("/v1/completions", SHORT).status()).isEqualTo(200);
  }

  @Test
  void aFullQueueTurnsCallersAwayAndLosesNobody() throws Exception {
    Map<String, Object> request =
        Map.of("prompt", List.of(5, 6, 7), "max_tokens", 40, "ignore_eos", true);
    List<OpenAiClient.Answer> answers = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<OpenAiClient.Answer>> calls = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        calls.add(callers.submit(() -> mesh.client().post("/v1/completions", request)));
      }
      for (Future<OpenAiClient.Answer> call : calls) {
        answers.add(call.get());
      }
    }
    assertThat(answers).anyMatch(a -> a.status() == 200).anyMatch(a -> a.status() == 503);
    for (OpenAiClient.Answer answer : answers) {
      if (answer.status() == 200) {
        assertThat(answer.body().path("usage").path("completion_tokens").asInt()).isEqualTo(40);
      } else {
        assertThat(answer.status()).as(answer.text()).isEqualTo(503);
        assertThat(answer.headers()).containsKey("retry-after");
        assertThat(answer.body().path("error").path("message").asString()).isNotEmpty();
      }
    }
  }

  @Test
  void callersThatMayNotWaitForAMissingShardAreToldAtOnceWhenToComeBack() {
    mesh.signal(mesh.instance("experts-1"), "KILL");
    long limit = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    OpenAiClient.Answer answer = mesh.client().post("/v1/completions", SHORT);
    while (answer.status() == 200) {
      assertThat(System.nanoTime()).as("the shard is missed").isLessThan(limit);
      answer = mesh.client().post("/v1/completions", SHORT);
    }
    assertThat(answer.status()).as(answer.text()).isEqualTo(503);
    assertThat(answer.headers()).containsKey("retry-after");
    assertThat(answer.body().path("error").path("code").asString()).isEqualTo("expert_unavailable");

    while (answer.status() != 200) {
      assertThat(System.nanoTime()).as("the shard is back: %s", answer.text()).isLessThan(limit);
      answer = mesh.client().post("/v1/completions", SHORT);
    }
  }

  @Test
  void aCallerThatLeavesFreesItsPlace() throws IOException {
    try (Socket caller = ask("\"max_tokens\":400,\"ignore_eos\":true,\"stream\":true")) {
      assertThat(caller.getInputStream().read()).isPositive();
      assertThat(attention().getInFlight()).isEqualTo(1);
    }
    awaitIdle();
  }

  @Test
  void aReaderThatStopsReadingIsCutAndItsWorkEnds() throws IOException {
    // some 400 tokens of 2,000 alternatives each are far more than what sockets buffer
    try (Socket caller =
        ask(
            "\"max_tokens\":400,\"ignore_eos\":true,\"stream\":true,\"logprobs\":2000,"
                + "\"return_tokens_as_token_ids\":true")) {
      assertThat(caller.getInputStream().read()).isPositive();
      long tokens = attention().getTokensTotal();
      awaitIdle();
      assertThat(attention().getTokensTotal()).isLessThan(tokens + 400);
    }
  }

  private static ServiceStatus attention() {
    return mesh.status(
        mesh.instances().stream()
            .filter(i -> i.name().startsWith("attention"))
            .findFirst()
            .orElseThrow());
  }

  private static void awaitIdle() {
    long limit = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    for (ServiceStatus status = attention();
        status.getInFlight() + status.getQueueDepth() > 0;
        status = attention()) {
      assertThat(System.nanoTime()).as("still at work: %s", status).isLessThan(limit);
    }
  }

  private static Socket ask(String fields) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.setSoTimeout(60_000);
    socket.connect(new InetSocketAddress(mesh.url().getHost(), mesh.url().getPort()));
    byte[] body = ("{\"prompt\":[5,6,7]," + fields + "}").getBytes(StandardCharsets.UTF_8);
    String head =
        "POST /v1/completions HTTP/1.1\r\nHost: mesh\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + body.length
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().write(body);
    socket.getOutputStream().flush();
    return socket;
  }
}
