package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What clients see of the experts of their tokens, over real HTTP. */
class RoutingTest {
  private static final String PROMPT = "\"prompt\":[11,12,13,14,15],";

  private static TestGeneration model;
  private static TestGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    model = new TestGeneration("tiny-moe");
    gateway =
        new TestGateway(
                TestGateway.TINY_MOE,
                List.of(model),
                "--expertmesh.gateway.limits.routed-choices=900")
            .awaitReady();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    model.close();
  }

  @BeforeEach
  void reset() {
    model.reset();
  }

  @Test
  void aCompletionShowsTheExpertsOfPromptAndAnswerButOfTheLastToken() throws Exception {
    JsonNode choice =
        gateway
            .ok(
                "/v1/completions",
                "{" + PROMPT + "\"max_tokens\":6,\"ignore_eos\":true,\"return_routing\":true}")
            .at("/choices/0");

    JsonNode layers = choice.at("/routing/layers");
    assertThat(layers.toString())
        .isEqualTo(
            "[{\"layer\":1,\"experts\":8,\"policy\":\"SoftmaxTopK\"},"
                + "{\"layer\":3,\"experts\":4,\"policy\":\"SwitchTop1\"}]");
    List<JsonNode> tokens = tokens(choice);
    assertThat(tokens).hasSize(5 + 6 - 1);
    assertRouting(tokens);
    assertThat(ids(tokens.subList(0, 5))).containsExactly(11, 12, 13, 14, 15);
    assertThat(model.requests.getFirst().getRoutingFrom()).isZero();
  }

  @Test
  void withoutAskingNothingIsToldAndNothingElseChanges() throws Exception {
    String body = "{" + PROMPT + "\"max_tokens\":6,\"seed\":4,\"ignore_eos\":true,\"logprobs\":1";
    JsonNode without = gateway.ok("/v1/completions", body + "}").at("/choices/0");
    JsonNode with =
        gateway.ok("/v1/completions", body + ",\"return_routing\":true}").at("/choices/0");

    assertThat(without.has("routing")).isFalse();
    assertThat(model.requests.getFirst().hasRoutingFrom()).isFalse();
    for (String field : List.of("text", "finish_reason", "logprobs")) {
      assertThat(with.get(field)).isEqualTo(without.get(field));
    }
  }

  @Test
  void aStreamTellsTheSameInOrderAndTheLayersOnce() throws Exception {
    for (String path : List.of("/v1/completions", "/v1/chat/completions")) {
      String prompt =
          path.contains("chat") ? "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]," : PROMPT;
      String body =
          "{" + prompt + "\"max_tokens\":7,\"seed\":4,\"ignore_eos\":true,\"return_routing\":true";
      List<JsonNode> whole = tokens(gateway.ok(path, body + "}").at("/choices/0"));
      List<JsonNode> streamed = new ArrayList<>();
      int layers = 0;
      for (JsonNode event : gateway.events(path, body + ",\"stream\":true}")) {
        streamed.addAll(tokens(event.at("/choices/0")));
        layers += event.at("/choices/0/routing/layers").isArray() ? 1 : 0;
      }
      assertThat(streamed).isEqualTo(whole);
      assertThat(layers).isEqualTo(1);
      assertRouting(whole);
    }
  }

  @Test
  void aLongPromptsRoutingIsSplitIntoEvents() throws Exception {
    try (TestGateway roomy = new TestGateway(TestGateway.TINY_MOE, List.of(model)).awaitReady()) {
      String ids = String.join(",", Collections.nCopies(2000, "9"));
      List<JsonNode> events =
          roomy.events(
              "/v1/completions",
              "{\"prompt\":["
                  + ids
                  + "],\"max_tokens\":2,\"ignore_eos\":true,\"return_routing\":true,\"stream\":true}");
      List<JsonNode> all = new ArrayList<>();
      for (JsonNode event : events) {
        List<JsonNode> tokens = tokens(event.at("/choices/0"));
        assertThat(tokens.size()).isLessThanOrEqualTo(4096 / 2);
        all.addAll(tokens);
      }
      assertThat(all).hasSize(2001);
      assertRouting(all);
      assertThat(events.stream().filter(e -> !tokens(e.at("/choices/0")).isEmpty()).count())
          .isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void whatAStopStringHidesIsNotToldByItsExperts() throws Exception {
    String body =
        "{"
            + PROMPT
            + "\"max_tokens\":40,\"seed\":4,\"ignore_eos\":true,\"return_token_ids\":true,"
            + "\"return_routing\":true";
    JsonNode whole = gateway.ok("/v1/completions", body + "}").at("/choices/0");
    String text = whole.get("text").asString();
    String stop = text.substring(text.length() / 2, text.length() / 2 + 3);
    JsonNode cut =
        gateway
            .ok(
                "/v1/completions",
                body + ",\"stop\":[" + TestGateway.JSON.writeValueAsString(stop) + "]}")
            .at("/choices/0");

    List<Integer> shown = ints(cut.get("token_ids"));
    List<Integer> told = ids(tokens(cut));
    assertThat(told.subList(0, 5)).containsExactly(11, 12, 13, 14, 15);
    assertThat(shown.size()).isBetween(1, 39);
    assertThat(told.subList(5, told.size())).isEqualTo(shown.subList(0, told.size() - 5));
  }

  @Test
  void routingOfATextOrOfIdsComesWithoutGenerating() throws Exception {
    for (String prompt : List.of("[11,12,13,14,15]", "\"A fast and lightweight tool\"")) {
      model.reset();
      JsonNode answer = gateway.ok("/v1/routing", "{\"prompt\":" + prompt + "}");

      List<JsonNode> tokens = new ArrayList<>();
      answer.get("tokens").forEach(tokens::add);
      assertRouting(tokens);
      assertThat(ids(tokens)).isEqualTo(model.requests.getFirst().getPromptIdsList());
      assertThat(model.requests.getFirst().getMaxTokens()).isZero();
      assertThat(answer.get("object").asString()).isEqualTo("routing");
      assertThat(answer.get("model").asString()).isEqualTo("tiny-moe");
      assertThat(answer.at("/layers/1/policy").asString()).isEqualTo("SwitchTop1");
      assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(tokens.size());
    }
    assertThat(
            gateway.ok("/v1/routing", "{\"prompt\":\"A fast\"}").at("/tokens/0/token").asString())
        .isEqualTo("A");
  }

  @Test
  void aLostReplicaLeavesNoGapAndNoRepeat() throws Exception {
    for (int before : new int[] {0, 4}) {
      TestGeneration first = new TestGeneration("tiny-moe");
      try (TestGeneration second = new TestGeneration("tiny-moe");
          TestGateway pair =
              new TestGateway(TestGateway.TINY_MOE, List.of(first, second)).awaitReady()) {
        for (TestGeneration replica : List.of(first, second)) {
          replica.pauseAfter = before;
          replica.delayMillis = 5;
        }
        CompletableFuture<JsonNode> answer =
            CompletableFuture.supplyAsync(
                () ->
                    ok(
                        pair,
                        "{"
                            + PROMPT
                            + "\"max_tokens\":9,\"ignore_eos\":true,\"return_routing\":true}"));
        while (first.pausedAt.isEmpty() && second.pausedAt.isEmpty()) {
          Thread.onSpinWait();
        }
        TestGeneration serving = first.pausedAt.isEmpty() ? second : first;
        TestGeneration other = serving == first ? second : first;
        other.pauseAfter = Integer.MAX_VALUE;
        serving.kill();

        List<JsonNode> tokens = tokens(answer.get(30, TimeUnit.SECONDS).at("/choices/0"));
        assertThat(tokens).hasSize(5 + 9 - 1);
        assertRouting(tokens);
        // what was on its way when the replica died may be lost
        assertThat(other.requests.getFirst().getRoutingFrom())
            .isBetween(before == 0 ? 0 : 5, Math.max(5, 5 + before - 1));
      } finally {
        first.close();
      }
    }
  }

  private static JsonNode ok(TestGateway gateway, String body) {
    try {
      return gateway.ok("/v1/completions", body);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aDenseModelHasNoRoutingAndSaysSo() throws Exception {
    try (TestGeneration plain = new TestGeneration("tiny-moe")) {
      plain.dense = true;
      try (TestGateway dense = new TestGateway(TestGateway.TINY_MOE, List.of(plain)).awaitReady()) {
        refused(
            dense.post("/v1/completions", "{\"prompt\":[5],\"return_routing\":true}"),
            "return_routing",
            "is dense");
        refused(dense.post("/v1/routing", "{\"prompt\":[5]}"), "model", "is dense");
        dense.ok("/v1/completions", "{\"prompt\":[5],\"return_routing\":false,\"max_tokens\":1}");
      }
    }
  }

  @Test
  void tooMuchRoutingIsRefusedWithTheFieldAndTheLimit() throws Exception {
    // 900 choices at 3 per token
    refused(
        gateway.post(
            "/v1/completions", "{\"prompt\":[5],\"max_tokens\":300,\"return_routing\":true}"),
        "return_routing",
        "at most 300 tokens of prompts and 'max_tokens', all choices together, not 301");
    refused(
        gateway.post(
            "/v1/completions",
            "{\"prompt\":[5],\"max_tokens\":100,\"n\":3,\"return_routing\":true}"),
        "return_routing",
        "not 303");
    String ids = String.join(",", Collections.nCopies(301, "9"));
    refused(
        gateway.post("/v1/routing", "{\"prompt\":[" + ids + "]}"),
        "prompt",
        "at most 300 tokens of 'prompt', not 301");
    refused(
        gateway.post("/v1/completions", "{\"prompt\":[5],\"return_routing\":1}"),
        "return_routing",
        "must be a boolean");
    refused(gateway.post("/v1/routing", "{}"), "prompt", "is required");
    refused(gateway.post("/v1/routing", "{\"prompt\":[\"a\",\"b\"]}"), "prompt", "limit is 1");
    assertThat(model.requests).isEmpty();
    gateway.ok(
        "/v1/completions",
        "{\"prompt\":[5],\"max_tokens\":299,\"ignore_eos\":true,\"return_routing\":true}");
  }

  @Test
  void aPromptWhoseRoutingWouldFloodAStreamIsRefused() throws Exception {
    try (TestGateway narrow =
        new TestGateway(
                TestGateway.TINY_MOE,
                List.of(model),
                "--expertmesh.gateway.limits.stream-bytes=24800")
            .awaitReady()) {
      String body = "],\"max_tokens\":1,\"return_routing\":true,\"stream\":";
      String ids = String.join(",", Collections.nCopies(101, "9"));
      refused(
          narrow.post("/v1/completions", "{\"prompt\":[" + ids + body + "true}"),
          "return_routing",
          "at most 100 tokens of prompts in a stream, not 101");
      narrow.ok("/v1/completions", "{\"prompt\":[" + ids + body + "false}");
    }
  }

  private static void refused(HttpResponse<String> response, String param, String words) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    JsonNode error = TestGateway.JSON.readTree(response.body()).get("error");
    assertThat(error.get("param").asString()).isEqualTo(param);
    assertThat(error.get("message").asString()).contains(words);
  }

  private static List<JsonNode> tokens(JsonNode choice) {
    List<JsonNode> tokens = new ArrayList<>();
    choice.path("routing").path("tokens").forEach(tokens::add);
    return tokens;
  }

  /** Positions from 0 without a gap, each with the experts that {@link TestRouting} gives it. */
  private static void assertRouting(List<JsonNode> tokens) {
    assertThat(tokens).isNotEmpty();
    for (int at = 0; at < tokens.size(); at++) {
      JsonNode token = tokens.get(at);
      assertThat(token.get("position").intValue()).isEqualTo(at);
      boolean dropped = at % 3 == 2;
      float weight = TestRouting.weight(at);
      assertThat(token.get("experts").toString())
          .isEqualTo("[[%d,7],[%s]]".formatted(at % 7, dropped ? "" : at % 4));
      assertThat(token.at("/weights/0/0").floatValue()).isEqualTo(weight);
      assertThat(token.at("/weights/0/1").floatValue()).isEqualTo(1 - weight);
      assertThat(token.at("/weights/1").size()).isEqualTo(dropped ? 0 : 1);
      assertThat(token.get("dropped").toString())
          .isEqualTo("[[],[%s]]".formatted(dropped ? at % 4 : ""));
      assertThat(token.get("dropped_weights").toString())
          .isEqualTo("[[],[%s]]".formatted(dropped ? "0.25" : ""));
    }
  }

  private static List<Integer> ids(List<JsonNode> tokens) {
    return tokens.stream().map(token -> token.get("token_id").intValue()).toList();
  }

  private static List<Integer> ints(JsonNode array) {
    return IntStream.range(0, array.size()).mapToObj(i -> array.get(i).intValue()).toList();
  }
}
