package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationEnd;
import io.expertmesh.gateway.core.generation.ScoredToken;
import io.expertmesh.gateway.core.text.TokenNames;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** Answers of {@code /v1/chat/completions}. */
final class ChatFormat implements AnswerFormat {
  private final AnswerHead head;
  private final TokenNames names;

  ChatFormat(AnswerHead head, TokenNames names) {
    this.head = head;
    this.names = names;
  }

  @Override
  public List<byte[]> opening(int choice) {
    return List.of(
        chunk(
            choice,
            json -> {
              json.writeStringProperty("role", "assistant");
              json.writeStringProperty("content", "");
            },
            new ChoiceDelta("", List.of(), List.of(), null)));
  }

  @Override
  public byte[] chunk(int choice, ChoiceDelta delta) {
    return chunk(
        choice,
        json -> {
          if (!delta.text().isEmpty()) {
            json.writeStringProperty("content", delta.text());
          }
        },
        delta);
  }

  @Override
  public byte[] usage(Usage usage) {
    return Json.object(
        json -> {
          head(json, "chat.completion.chunk");
          json.writeArrayPropertyStart("choices");
          json.writeEndArray();
          Json.usage(json, usage);
        });
  }

  @Override
  public byte[] whole(List<ChoiceText> choices, Usage usage) {
    return Json.object(
        json -> {
          head(json, "chat.completion");
          json.writeArrayPropertyStart("choices");
          for (int i = 0; i < choices.size(); i++) {
            whole(json, i, choices.get(i));
          }
          json.writeEndArray();
          Json.usage(json, usage);
        });
  }

  private void whole(JsonGenerator json, int index, ChoiceText choice) {
    json.writeStartObject();
    json.writeNumberProperty("index", index);
    json.writeObjectPropertyStart("message");
    json.writeStringProperty("role", "assistant");
    json.writeStringProperty("content", choice.text());
    json.writeNullProperty("refusal");
    json.writeEndObject();
    tail(json, choice.all());
    if (head.tokenIds()) {
      Json.ids(json, "prompt_token_ids", choice.promptIds());
    }
    if (head.routing()) {
      RoutingJson.property(json, head.routedLayers(), choice.routing(), names);
    }
    json.writeEndObject();
  }

  private byte[] chunk(int choice, Consumer<JsonGenerator> message, ChoiceDelta delta) {
    return Json.object(
        json -> {
          head(json, "chat.completion.chunk");
          json.writeArrayPropertyStart("choices");
          json.writeStartObject();
          json.writeNumberProperty("index", choice);
          json.writeObjectPropertyStart("delta");
          message.accept(json);
          json.writeEndObject();
          tail(json, delta);
          if (!delta.routing().isEmpty()) {
            RoutingJson.property(json, head.routedLayers(), delta.routing(), names);
          }
          json.writeEndObject();
          json.writeEndArray();
          if (head.streamUsage()) {
            json.writeNullProperty("usage");
          }
        });
  }

  private void head(JsonGenerator json, String kind) {
    json.writeStringProperty("id", head.id());
    json.writeStringProperty("object", kind);
    json.writeNumberProperty("created", head.created());
    json.writeStringProperty("model", head.model());
  }

  private void tail(JsonGenerator json, ChoiceDelta delta) {
    List<LoggedToken> tokens = delta.tokens();
    GenerationEnd.@Nullable Reason end = delta.end();
    if (head.logprobs() == null) {
      json.writeNullProperty("logprobs");
    } else {
      json.writeObjectPropertyStart("logprobs");
      json.writeArrayPropertyStart("content");
      tokens.forEach(token -> token(json, token.token()));
      json.writeEndArray();
      json.writeNullProperty("refusal");
      json.writeEndObject();
    }
    json.writeStringProperty("finish_reason", end == null ? null : end.word());
    if (head.tokenIds()) {
      Json.ids(json, "token_ids", tokens.stream().mapToInt(t -> t.token().id()).toArray());
    }
  }

  private void token(JsonGenerator json, ScoredToken token) {
    json.writeStartObject();
    Float logprob = token.logprob();
    entry(json, token.id(), logprob == null ? Float.NEGATIVE_INFINITY : logprob);
    json.writeArrayPropertyStart("top_logprobs");
    for (int i = 0; i < token.topIds().length; i++) {
      json.writeStartObject();
      entry(json, token.topIds()[i], token.topLogprobs()[i]);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void entry(JsonGenerator json, int id, float logprob) {
    json.writeStringProperty("token", names.name(id));
    json.writeName("logprob");
    Json.logprob(json, logprob);
    byte[] bytes = names.bytes(id);
    if (bytes == null) {
      json.writeNullProperty("bytes");
    } else {
      json.writeArrayPropertyStart("bytes");
      for (byte b : bytes) {
        json.writeNumber(b & 0xFF);
      }
      json.writeEndArray();
    }
  }
}
