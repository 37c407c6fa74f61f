package io.expertmesh.tests.support;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The requests of the conformance tests, and their answers as token ids and log-probabilities. */
public final class Completions {
  private Completions() {}

  /** A generated continuation: ids and the log-probability of each. */
  public record Continuation(List<Integer> ids, List<Float> logprobs) {}

  /** A greedy continuation of token ids. */
  public static Continuation greedy(OpenAiClient client, List<Integer> prompt, int tokens) {
    return generate(client, prompt, tokens, Map.of("temperature", 0));
  }

  /** A continuation of token ids with the given further fields. */
  public static Continuation generate(
      OpenAiClient client, List<Integer> prompt, int tokens, Map<String, ?> more) {
    OpenAiClient.Answer answer =
        client.post("/v1/completions", generationFields(prompt, tokens, more));
    if (answer.status() != 200) {
      throw new AssertionError("HTTP " + answer.status() + ": " + answer.text());
    }
    return continuation(answer.body().path("choices").path(0).path("logprobs"));
  }

  /** The fields of a generation whose tokens come back as ids. */
  public static Map<String, Object> generationFields(
      List<Integer> prompt, int tokens, Map<String, ?> more) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("prompt", prompt);
    fields.put("max_tokens", tokens);
    fields.put("ignore_eos", true);
    fields.put("logprobs", 0);
    fields.put("return_tokens_as_token_ids", true);
    fields.putAll(more);
    return fields;
  }

  /** Ids and log-probabilities of an answer's logprobs object. */
  public static Continuation continuation(JsonNode logprobs) {
    List<Integer> ids = new ArrayList<>();
    List<Float> values = new ArrayList<>();
    for (JsonNode token : logprobs.path("tokens")) {
      ids.add(id(token.asString()));
    }
    for (JsonNode value : logprobs.path("token_logprobs")) {
      values.add(value.isNull() ? Float.NaN : Float.parseFloat(value.asString()));
    }
    return new Continuation(ids, values);
  }

  /**
   * Log-probabilities of every token of the vocabulary after each prefix of the prompt but the
   * empty one and the whole: row i is the distribution of token i + 1.
   */
  public static float[][] scorePrompt(OpenAiClient client, List<Integer> prompt, int vocabulary) {
    OpenAiClient.Answer answer =
        client.post(
            "/v1/completions",
            Map.of(
                "prompt",
                prompt,
                "max_tokens",
                0,
                "echo",
                true,
                "logprobs",
                vocabulary,
                "return_tokens_as_token_ids",
                true));
    if (answer.status() != 200) {
      throw new AssertionError("HTTP " + answer.status() + ": " + answer.text());
    }
    JsonNode top = answer.body().path("choices").path(0).path("logprobs").path("top_logprobs");
    float[][] rows = new float[prompt.size() - 1][vocabulary];
    for (int i = 1; i < prompt.size(); i++) {
      JsonNode row = top.path(i);
      if (row.size() != vocabulary) {
        throw new AssertionError(
            "position " + i + " has " + row.size() + " alternatives, wanted " + vocabulary);
      }
      for (Map.Entry<String, JsonNode> entry : row.properties()) {
        rows[i - 1][id(entry.getKey())] = Float.parseFloat(entry.getValue().asString());
      }
    }
    return rows;
  }

  private static int id(String token) {
    if (!token.startsWith("token_id:")) {
      throw new AssertionError("expected a token id, got '" + token + "'");
    }
    return Integer.parseInt(token.substring("token_id:".length()));
  }
}
