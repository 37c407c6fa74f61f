package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.expertmesh.gateway.core.text.Tokenizer;
import io.expertmesh.gateway.transport.tokenizer.DjlTokenizer;
import io.expertmesh.gateway.transport.tokenizer.NativeCache;
import io.expertmesh.gateway.transport.tokenizer.TokenizerFiles;
import io.expertmesh.protocol.v1.GenerateRequest;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What clients get, over real HTTP, from replicas whose tokens are known. */
class AnswersTest {
  private static TestGeneration model;
  private static TestGateway gateway;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void start() throws Exception {
    model = new TestGeneration("tiny-moe");
    gateway = new TestGateway(TestGateway.TINY_MOE, List.of(model)).awaitReady();
    tokenizer =
        DjlTokenizer.open(
            TokenizerFiles.of(Path.of(TestGateway.TINY_MOE)), NativeCache.directory(""));
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

  private static void say(String text) {
    model.script = tokenizer.encode(text, false);
  }

  @Test
  void aCompletionHasTextReasonAndTokenCounts() throws Exception {
    say(" and a simple tool");
    JsonNode answer = gateway.ok("/v1/completions", "{\"prompt\":\"A fast\",\"max_tokens\":50}");
    assertThat(answer.at("/choices/0/text").asString()).isEqualTo(" and a simple tool");
    assertThat(answer.at("/choices/0/finish_reason").asString()).isEqualTo("stop");
    assertThat(answer.at("/usage/prompt_tokens").intValue())
        .isEqualTo(tokenizer.encode("A fast", true).length);
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(model.script.length + 1);
    assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").intValue()).isPositive();
  }

  @Test
  void sixteenTokensIsTheDefaultOfCompletions() throws Exception {
    JsonNode answer = gateway.ok("/v1/completions", "{\"prompt\":[5,6],\"ignore_eos\":true}");
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(16);
    assertThat(answer.at("/choices/0/finish_reason").asString()).isEqualTo("length");
  }

  @Test
  void textPromptsBecomeTheIdsOfTheCheckpointsTokenizer() throws Exception {
    say("x");
    gateway.ok("/v1/completions", "{\"prompt\":\"<|endoftext|>A fast and lightweight\"}");
    assertThat(model.requests.get(0).getPromptIdsList())
        .containsExactly(0, 67, 1892, 299, 1717, 3007);
  }

  @Test
  void prefixesAreSharedWithinATenantOnly() throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.uri("/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":[5,6],\"max_tokens\":1}"));
    assertThat(gateway.send(request.copy()).statusCode()).isEqualTo(200);
    for (String key : List.of("one", "two", "one")) {
      HttpRequest.Builder own = request.copy().header("Authorization", "Bearer " + key);
      assertThat(gateway.send(own).statusCode()).isEqualTo(200);
    }

    List<ByteString> salts = model.requests.stream().map(GenerateRequest::getCacheSalt).toList();
    assertThat(salts).hasSize(4);
    assertThat(salts.get(0).isEmpty()).isTrue();
    assertThat(salts.get(1)).isEqualTo(salts.get(3)).isNotEqualTo(salts.get(2));
    assertThat(salts.get(1).toStringUtf8()).doesNotContain("one");
  }

  @Test
  void streamedPiecesJoinToTheText() throws Exception {
    String text = "Grüße, 世界! 🚀🚀 naïve 漢字.";
    say(text);
    List<JsonNode> events =
        gateway.events(
            "/v1/completions",
            "{\"prompt\":\"x\",\"max_tokens\":500,\"stream\":true,"
                + "\"stream_options\":{\"include_usage\":true}}");
    StringBuilder joined = new StringBuilder();
    for (JsonNode event : events.subList(0, events.size() - 1)) {
      String piece = event.at("/choices/0/text").asString();
      assertThat(piece).doesNotContain("\uFFFD");
      joined.append(piece);
      assertThat(event.get("usage").isNull()).isTrue();
    }
    assertThat(joined.toString()).isEqualTo(text);
    JsonNode last = events.getLast();
    assertThat(last.get("choices").isEmpty()).isTrue();
    assertThat(last.at("/usage/completion_tokens").intValue()).isEqualTo(model.script.length + 1);
  }

  @Test
  void aStopStringThatSpansTokensIsNeverShown() throws Exception {
    say("one two END three");
    for (boolean stream : new boolean[] {false, true}) {
      String body =
          "{\"prompt\":\"x\",\"max_tokens\":100,\"stop\":[\"two E\",\"nothing\"],\"stream\":"
              + stream
              + "}";
      StringBuilder text = new StringBuilder();
      List<JsonNode> answers =
          stream
              ? gateway.events("/v1/completions", body)
              : List.of(gateway.ok("/v1/completions", body));
      answers.forEach(answer -> text.append(answer.at("/choices/0/text").asString()));
      assertThat(text.toString()).isEqualTo("one ");
      assertThat(answers.getLast().at("/choices/0/finish_reason").asString()).isEqualTo("stop");
    }
  }

  @Test
  void choicesOfOnePromptDifferAndAreRepeatable() throws Exception {
    String body =
        "{\"prompt\":[9,8,7],\"n\":3,\"seed\":42,\"max_tokens\":8,\"return_token_ids\":true}";
    JsonNode first = gateway.ok("/v1/completions", body);
    JsonNode second = gateway.ok("/v1/completions", body);
    assertThat(first.get("choices")).isEqualTo(second.get("choices"));
    assertThat(first.get("choices").size()).isEqualTo(3);
    assertThat(first.at("/choices/0/token_ids")).isNotEqualTo(first.at("/choices/1/token_ids"));
    assertThat(first.at("/usage/prompt_tokens").intValue()).isEqualTo(3);
    assertThat(first.at("/usage/completion_tokens").intValue()).isEqualTo(24);
  }

  @Test
  void severalPromptsGiveTheirChoicesInOrder() throws Exception {
    JsonNode answer =
        gateway.ok(
            "/v1/completions",
            "{\"prompt\":[[1,2],[3,4]],\"n\":2,\"max_tokens\":2,\"return_token_ids\":true}");
    assertThat(answer.get("choices").size()).isEqualTo(4);
    assertThat(answer.at("/choices/1/prompt_token_ids").toString()).isEqualTo("[1,2]");
    assertThat(answer.at("/choices/2/prompt_token_ids").toString()).isEqualTo("[3,4]");
    assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(4);
  }

  @Test
  void aPromptIsScored() throws Exception {
    JsonNode answer =
        gateway.ok(
            "/v1/completions",
            "{\"prompt\":[67,1892,299],\"max_tokens\":0,\"echo\":true,\"logprobs\":4096,"
                + "\"return_tokens_as_token_ids\":true}");
    JsonNode logprobs = answer.at("/choices/0/logprobs");
    assertThat(answer.at("/choices/0/text").asString()).isEqualTo("A fast and");
    assertThat(logprobs.get("tokens").toString())
        .isEqualTo("[\"token_id:67\",\"token_id:1892\",\"token_id:299\"]");
    assertThat(logprobs.at("/token_logprobs/0").isNull()).isTrue();
    assertThat(Float.parseFloat(logprobs.at("/token_logprobs/2").toString()))
        .isEqualTo(TestSequence.logprob(2));
    assertThat(logprobs.at("/top_logprobs/0").isNull()).isTrue();
    assertThat(logprobs.at("/top_logprobs/1").size()).isEqualTo(4096);
    assertThat(logprobs.get("text_offset").toString()).isEqualTo("[0,1,6]");
    assertThat(answer.at("/usage/completion_tokens").intValue()).isZero();
  }

  @Test
  void logprobsOfGeneratedTokensKeepTheirBits() throws Exception {
    say(" and a");
    JsonNode logprobs =
        gateway
            .ok("/v1/completions", "{\"prompt\":\"x\",\"logprobs\":2,\"max_tokens\":2}")
            .at("/choices/0/logprobs");
    assertThat(logprobs.get("tokens").toString()).isEqualTo("[\" and\",\" a\"]");
    for (int i = 0; i < 2; i++) {
      assertThat(Float.parseFloat(logprobs.get("token_logprobs").get(i).toString()))
          .isEqualTo(TestSequence.logprob(i));
    }
    assertThat(logprobs.at("/top_logprobs/0").size()).isEqualTo(2);
  }

  @Test
  void chatRendersTheTemplateAndAnswersAsAssistant() throws Exception {
    say(" Hello!");
    String body =
        "{\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},{\"role\":\"user\","
            + "\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}],\"logprobs\":true,"
            + "\"top_logprobs\":2}";
    JsonNode answer = gateway.ok("/v1/chat/completions", body);
    assertThat(answer.at("/object").asString()).isEqualTo("chat.completion");
    assertThat(answer.at("/choices/0/message/role").asString()).isEqualTo("assistant");
    assertThat(answer.at("/choices/0/message/content").asString()).isEqualTo(" Hello!");
    assertThat(answer.at("/choices/0/logprobs/content/0/top_logprobs").size()).isEqualTo(2);
    int[] ids =
        model.requests.get(0).getPromptIdsList().stream().mapToInt(Integer::intValue).toArray();
    assertThat(tokenizer.decoder(false).decode(ids, 0, ids.length))
        .isEqualTo("<|endoftext|>System: Be kind.\n\nUser: Hi\n\nAssistant:");
    assertThat(model.requests.get(0).getMaxTokens()).isEqualTo(TestGeneration.CONTEXT - ids.length);
  }

  @Test
  void chatStreamsARoleThenContentThenAReason() throws Exception {
    say(" Hello!");
    List<JsonNode> events =
        gateway.events(
            "/v1/chat/completions",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":true,\"n\":2}");
    for (int choice = 0; choice < 2; choice++) {
      int index = choice;
      List<JsonNode> own =
          events.stream().filter(e -> e.at("/choices/0/index").intValue() == index).toList();
      assertThat(own.getFirst().at("/choices/0/delta/role").asString()).isEqualTo("assistant");
      assertThat(own.getLast().at("/choices/0/finish_reason").asString()).isEqualTo("stop");
      StringBuilder text = new StringBuilder();
      own.forEach(e -> text.append(e.at("/choices/0/delta").path("content").asString("")));
      assertThat(text.toString()).isEqualTo(" Hello!");
    }
  }

  @Test
  void tokenizeAndDetokenizeAreInverse() throws Exception {
    JsonNode ids = gateway.ok("/tokenize", "{\"prompt\":\"A fast and lightweight\"}");
    assertThat(ids.get("tokens").toString()).isEqualTo("[67,1892,299,1717,3007]");
    JsonNode text = gateway.ok("/detokenize", "{\"tokens\":[67,1892,299,1717,3007]}");
    assertThat(text.get("prompt").asString()).isEqualTo("A fast and lightweight");
  }

  @Test
  void modelsHealthAndMetricsAreServed() throws Exception {
    gateway.ok("/v1/completions", "{\"prompt\":[5],\"max_tokens\":3,\"ignore_eos\":true}");
    assertThat(gateway.get("/v1/models").body()).contains("\"id\":\"tiny-moe\"");
    assertThat(gateway.get("/v1/models/tiny-moe").statusCode()).isEqualTo(200);
    assertThat(gateway.get("/v1/models/other").statusCode()).isEqualTo(404);
    assertThat(gateway.get("/health/live").statusCode()).isEqualTo(200);
    assertThat(gateway.get("/metrics").body())
        .contains("expertmesh_requests_total{outcome=\"ok\"}")
        .contains("expertmesh_generated_tokens_total")
        .contains("expertmesh_ttft_seconds_bucket");
  }

  @Test
  void readinessFollowsTheReplicas() throws IOException, InterruptedException {
    model.ready = false;
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (gateway.get("/health/ready").statusCode() != 503 && System.nanoTime() < deadline) {
      assertThat(gateway.get("/health/live").statusCode()).isEqualTo(200);
    }
    assertThat(gateway.get("/health/ready").body()).contains("layer 3 expert 5");
    model.waits = true;
    gateway.awaitReady();
    assertThat(gateway.get("/health/ready").body()).contains("layer 3 expert 5");
    model.waits = false;
    model.ready = true;
    gateway.awaitReady();
  }
}
