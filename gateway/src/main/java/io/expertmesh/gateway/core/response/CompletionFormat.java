package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationEnd;
import io.expertmesh.gateway.core.generation.ScoredToken;
import io.expertmesh.gateway.core.text.TokenNames;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** Answers of {@code /v1/completions}. */
final class CompletionFormat implements AnswerFormat {
  private final AnswerHead head;
  private final TokenNames names;

  CompletionFormat(AnswerHead head, TokenNames names) {
    this.head = head;
    this.names = names;
  }

  @Override
  public List<byte[]> opening(int choice) {
    return List.of();
  }

  @Override
  public byte[] chunk(int choice, ChoiceDelta delta) {
    return Json.object(
        json -> {
          head(json);
          json.writeArrayPropertyStart("choices");
          choice(json, choice, delta, null);
          json.writeEndArray();
          if (head.streamUsage()) {
            json.writeNullProperty("usage");
          }
        });
  }

  @Override
  public byte[] usage(Usage usage) {
    return Json.object(
        json -> {
          head(json);
          json.writeArrayPropertyStart("choices");
          json.writeEndArray();
          Json.usage(json, usage);
        });
  }

  @Override
  public byte[] whole(List<ChoiceText> choices, Usage usage) {
    return Json.object(
        json -> {
          head(json);
          json.writeArrayPropertyStart("choices");
          for (int i = 0; i < choices.size(); i++) {
            ChoiceText choice = choices.get(i);
            choice(json, i, choice.all(), choice.promptIds());
          }
          json.writeEndArray();
          Json.usage(json, usage);
        });
  }

  private void head(JsonGenerator json) {
    json.writeStringProperty("id", head.id());
    json.writeStringProperty("object", "text_completion");
    json.writeNumberProperty("created", head.created());
    json.writeStringProperty("model", head.model());
  }

  private void choice(
      JsonGenerator json, int index, ChoiceDelta delta, int @Nullable [] promptIds) {
    List<LoggedToken> tokens = delta.tokens();
    GenerationEnd.@Nullable Reason end = delta.end();
    json.writeStartObject();
    json.writeNumberProperty("index", index);
    json.writeStringProperty("text", delta.text());
    if (head.logprobs() == null) {
      json.writeNullProperty("logprobs");
    } else {
      logprobs(json, tokens);
    }
    json.writeStringProperty("finish_reason", end == null ? null : end.word());
    if (head.tokenIds()) {
      Json.ids(json, "token_ids", tokens.stream().mapToInt(t -> t.token().id()).toArray());
      if (promptIds != null) {
        Json.ids(json, "prompt_token_ids", promptIds);
      }
    }
    if (head.routing() && (promptIds != null || !delta.routing().isEmpty())) {
      RoutingJson.property(json, head.routedLayers(), delta.routing(), names);
    }
    json.writeEndObject();
  }

  private void logprobs(JsonGenerator json, List<LoggedToken> tokens) {
    json.writeObjectPropertyStart("logprobs");
    json.writeArrayPropertyStart("tokens");
    tokens.forEach(token -> json.writeString(names.name(token.token().id())));
    json.writeEndArray();
    json.writeArrayPropertyStart("token_logprobs");
    for (LoggedToken token : tokens) {
      Float logprob = token.token().logprob();
      if (logprob == null) {
        json.writeNull();
      } else {
        Json.logprob(json, logprob);
      }
    }
    json.writeEndArray();
    json.writeArrayPropertyStart("top_logprobs");
    tokens.forEach(token -> top(json, token.token()));
    json.writeEndArray();
    json.writeArrayPropertyStart("text_offset");
    tokens.forEach(token -> json.writeNumber(token.offset()));
    json.writeEndArray();
    json.writeEndObject();
  }

  /** OpenAI keys alternatives by their text; of ids with equal text the more probable stays. */
  private void top(JsonGenerator json, ScoredToken token) {
    if (token.logprob() == null) {
      json.writeNull();
      return;
    }
    json.writeStartObject();
    int[] ids = token.topIds();
    Set<String> seen = new HashSet<>(ids.length * 2);
    for (int i = 0; i < ids.length; i++) {
      String name = names.name(ids[i]);
      if (seen.add(name)) {
        json.writeName(name);
        Json.logprob(json, token.topLogprobs()[i]);
      }
    }
    json.writeEndObject();
  }
}
