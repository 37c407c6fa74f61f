package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.request.ApiError;
import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Writes JSON objects. */
public final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  /** The bytes of an object whose fields {@code body} writes. */
  public static byte[] object(Consumer<JsonGenerator> body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
      json.writeStartObject();
      body.accept(json);
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  /** An error body as OpenAI's clients expect it. */
  public static byte[] error(ApiError error) {
    return object(
        json -> {
          json.writeObjectPropertyStart("error");
          json.writeStringProperty("message", error.message());
          json.writeStringProperty("type", error.type());
          json.writeStringProperty("param", error.param());
          json.writeStringProperty("code", error.code());
          json.writeEndObject();
        });
  }

  static void usage(JsonGenerator json, Usage usage) {
    json.writeObjectPropertyStart("usage");
    json.writeNumberProperty("prompt_tokens", usage.prompt());
    json.writeNumberProperty("completion_tokens", usage.completion());
    json.writeNumberProperty("total_tokens", usage.prompt() + usage.completion());
    json.writeObjectPropertyStart("prompt_tokens_details");
    json.writeNumberProperty("cached_tokens", usage.cached());
    json.writeEndObject();
    json.writeEndObject();
  }

  /** Writes a float so that reading it as a float gives the same bits; JSON has no infinity. */
  static void logprob(JsonGenerator json, float logprob) {
    json.writeNumber(Float.isFinite(logprob) ? logprob : -9999f);
  }

  static void ids(JsonGenerator json, String name, int[] ids) {
    json.writeArrayPropertyStart(name);
    for (int id : ids) {
      json.writeNumber(id);
    }
    json.writeEndArray();
  }
}
