package io.expertmesh.gateway.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Every wrong request gets a clear error, and the next right one an answer. */
class BadInputTest {
  private static TestGeneration model;
  private static TestGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    model = new TestGeneration("tiny-moe");
    gateway =
        new TestGateway(
                TestGateway.TINY_MOE, List.of(model), "--expertmesh.gateway.body-timeout=1s")
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

  @AfterEach
  void theNextRequestWorks() throws Exception {
    model.reset();
    gateway.ok("/v1/completions", "{\"prompt\":[5],\"max_tokens\":2,\"ignore_eos\":true}");
  }

  private static JsonNode refused(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode error = TestGateway.JSON.readTree(response.body()).get("error");
    assertThat(error.get("message").asString()).isNotBlank();
    assertThat(error.get("type").asString()).isNotBlank();
    assertThat(error.has("param") && error.has("code")).isTrue();
    return error;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0000',
      value = {
        "prompt | {\"max_tokens\":2}",
        "prompt | {\"prompt\":null}",
        "prompt | {\"prompt\":\"\"}",
        "prompt | {\"prompt\":[]}",
        "prompt[1] | {\"prompt\":[\"a\",\"\"]}",
        "prompt[1] | {\"prompt\":[[1],[]]}",
        "prompt | {\"prompt\":{\"a\":1}}",
        "prompt[1] | {\"prompt\":[5,4096]}",
        "prompt[0] | {\"prompt\":[-1]}",
        "prompt[1] | {\"prompt\":[5,\"x\"]}",
        "prompt[1] | {\"prompt\":[5,99999999999999999999]}",
        "max_tokens | {\"prompt\":[5],\"max_tokens\":0}",
        "max_tokens | {\"prompt\":[5],\"max_tokens\":-1}",
        "max_tokens | {\"prompt\":[5],\"max_tokens\":2048}",
        "max_tokens | {\"prompt\":[5],\"max_tokens\":1000000000000}",
        "max_tokens | {\"prompt\":[5],\"max_tokens\":\"3\"}",
        "temperature | {\"prompt\":[5],\"temperature\":-1}",
        "temperature | {\"prompt\":[5],\"temperature\":NaN}",
        "temperature | {\"prompt\":[5],\"temperature\":-Infinity}",
        "temperature | {\"prompt\":[5],\"temperature\":1e999}",
        "temperature | {\"prompt\":[5],\"temperature\":\"NaN\"}",
        "top_p | {\"prompt\":[5],\"top_p\":0}",
        "top_p | {\"prompt\":[5],\"top_p\":1.1}",
        "min_p | {\"prompt\":[5],\"min_p\":2}",
        "top_k | {\"prompt\":[5],\"top_k\":-2}",
        "n | {\"prompt\":[5],\"n\":1000}",
        "n | {\"prompt\":[5],\"n\":0}",
        "best_of | {\"prompt\":[5],\"best_of\":3}",
        "stop | {\"prompt\":[5],\"stop\":7}",
        "stop[0] | {\"prompt\":[5],\"stop\":[\"\"]}",
        "stream | {\"prompt\":[5],\"stream\":\"yes\"}",
        "stream_options | {\"prompt\":[5],\"stream_options\":{\"include_usage\":true}}",
        "logprobs | {\"prompt\":[5],\"logprobs\":4097}",
        "logit_bias.4096 | {\"prompt\":[5],\"logit_bias\":{\"4096\":1}}",
        "logit_bias.5 | {\"prompt\":[5],\"logit_bias\":{\"5\":101}}",
        "seed | {\"prompt\":[5],\"seed\":1.5}",
        "repetition_penalty | {\"prompt\":[5],\"repetition_penalty\":0}",
        "presence_penalty | {\"prompt\":[5],\"presence_penalty\":3}",
        "suffix | {\"prompt\":[5],\"suffix\":\"x\"}",
        "stop_token_ids[0] | {\"prompt\":[5],\"stop_token_ids\":[5000]}",
        "user | {\"prompt\":[5],\"user\":5}"
      })
  void aWrongFieldIsNamed(String field, String body) throws Exception {
    JsonNode error = refused(gateway.post("/v1/completions", body), 400);
    assertThat(error.get("param").asString()).isEqualTo(field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0000',
      value = {
        "messages | {}",
        "messages | {\"messages\":[]}",
        "messages | {\"messages\":\"hi\"}",
        "messages[0].role | {\"messages\":[{\"content\":\"x\"}]}",
        "messages[0].role | {\"messages\":[{\"role\":\"boss\",\"content\":\"x\"}]}",
        "messages[0].content | {\"messages\":[{\"role\":\"user\"}]}",
        "messages[0].content[0].type | {\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
        "tools | {\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{}]}",
        "max_tokens | {\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":0}",
        "top_logprobs | {\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"top_logprobs\":2}",
        "response_format | {\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"response_format\":{\"type\":\"json_object\"}}"
      })
  void aWrongFieldOfAChatIsNamed(String field, String body) throws Exception {
    JsonNode error = refused(gateway.post("/v1/chat/completions", body), 400);
    assertThat(error.get("param").asString()).isEqualTo(field);
  }

  @Test
  void unknownFieldsAreIgnored() throws Exception {
    gateway.ok("/v1/completions", "{\"prompt\":[5],\"max_tokens\":1,\"frobnicate\":{\"a\":[1]}}");
  }

  @Test
  void anUnknownModelIs404() throws Exception {
    JsonNode error =
        refused(gateway.post("/v1/completions", "{\"model\":\"gpt\",\"prompt\":[5]}"), 404);
    assertThat(error.get("code").asString()).isEqualTo("model_not_found");
  }

  @Test
  void aPromptOverTheContextIsRefused() throws Exception {
    String ids = String.join(",", IntStream.range(0, 2048).mapToObj(i -> "7").toList());
    JsonNode error = refused(gateway.post("/v1/completions", "{\"prompt\":[" + ids + "]}"), 400);
    assertThat(error.get("code").asString()).isEqualTo("context_length_exceeded");
    assertThat(error.get("message").asString()).contains("2048");
    String text = "a word ".repeat(3000);
    error = refused(gateway.post("/v1/completions", "{\"prompt\":\"" + text + "\"}"), 400);
    assertThat(error.get("code").asString()).isEqualTo("context_length_exceeded");
  }

  @Test
  void tenThousandStopStringsAreRefused() throws Exception {
    String stops = String.join(",", IntStream.range(0, 10_000).mapToObj(i -> "\"s\"").toList());
    JsonNode error =
        refused(gateway.post("/v1/completions", "{\"prompt\":[5],\"stop\":[" + stops + "]}"), 400);
    assertThat(error.get("message").asString()).contains("10000").contains("16");
  }

  @Test
  void deepAndTruncatedJsonAreRefused() throws Exception {
    String deep = "{\"prompt\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}";
    JsonNode error = refused(gateway.post("/v1/completions", deep), 400);
    assertThat(error.get("message").asString()).contains("64");
    for (String half :
        List.of("{\"prompt\":[5],\"max_tok", "{\"prompt\":[5],", "{\"prompt\":\"a")) {
      assertThat(refused(gateway.post("/v1/completions", half), 400).get("message").asString())
          .endsWith("it ends before it is complete.");
    }
    refused(gateway.post("/v1/completions", "{\"prompt\":[5]} {}"), 400);
    refused(gateway.post("/v1/completions", ""), 400);
    refused(gateway.post("/v1/completions", "[1]"), 400);
  }

  @Test
  void invalidUtf8IsRefused() throws Exception {
    byte[] body = "{\"prompt\":\"aXb\"}".getBytes(StandardCharsets.US_ASCII);
    body[12] = (byte) 0xC3;
    JsonNode error =
        refused(gateway.post("/v1/completions", HttpRequest.BodyPublishers.ofByteArray(body)), 400);
    assertThat(error.get("message").asString()).contains("UTF-8");
  }

  @Test
  void aBodyOfFiftyMegabytesIsRefused() throws Exception {
    byte[] body = new byte[50 << 20];
    JsonNode error =
        refused(gateway.post("/v1/completions", HttpRequest.BodyPublishers.ofByteArray(body)), 413);
    assertThat(error.get("message").asString()).contains("8388608");
  }

  @Test
  void otherMethodsMediaTypesAndPathsAreRefused() throws Exception {
    HttpResponse<String> wrongMethod = gateway.get("/v1/completions");
    refused(wrongMethod, 405);
    assertThat(wrongMethod.headers().firstValue("Allow")).contains("POST");
    refused(gateway.post("/v1/models", "{}"), 405);
    refused(gateway.get("/v2/nothing"), 404);
    refused(
        gateway.send(
            HttpRequest.newBuilder(gateway.uri("/v1/completions"))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))),
        415);
  }

  @Test
  void anOverloadedMeshIs503WithRetryAfter() throws Exception {
    model.refusal = new MeshException(ErrorCode.OVERLOADED, "the queue is full");
    HttpResponse<String> response =
        gateway.post("/v1/completions", "{\"prompt\":[5],\"stream\":true}");
    JsonNode error = refused(response, 503);
    assertThat(error.get("code").asString()).isEqualTo("overloaded");
    assertThat(response.headers().firstValue("Retry-After")).isPresent();
  }

  @Test
  void aPassedDeadlineIs504() throws Exception {
    model.refusal = new MeshException(ErrorCode.DEADLINE_EXCEEDED, "too late");
    refused(gateway.post("/v1/completions", "{\"prompt\":[5]}"), 504);
  }
}
