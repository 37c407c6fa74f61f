package io.expertmesh.gateway.core.request;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Bytes to JSON, strictly: UTF-8, one value, bounded depth and size, no NaN. Thread-safe. */
public final class BodyParser {
  private final JsonMapper mapper;
  private final RequestLimits limits;

  public BodyParser(RequestLimits limits) {
    this.limits = limits;
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(limits.jsonDepth())
                    .maxTokenCount(limits.jsonTokens())
                    .maxNumberLength(100)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();
    this.mapper =
        JsonMapper.builder(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  }

  /**
   * The value of a body.
   *
   * @throws ApiException saying what is wrong, and where
   */
  public JsonNode parse(byte[] body) {
    if (body.length == 0) {
      throw malformed(null, "The body is empty; a JSON object is expected.");
    }
    requireUtf8(body);
    try (JsonParser parser = mapper.createParser(body)) {
      return parse(parser);
    }
  }

  private JsonNode parse(JsonParser parser) {
    try {
      JsonNode node = mapper.readTree(parser);
      if (node == null || node.isMissingNode()) {
        throw malformed(null, "The body is empty; a JSON object is expected.");
      }
      return node;
    } catch (StreamConstraintsException e) {
      throw malformed(null, tooMuch(parser));
    } catch (JacksonException e) {
      String field = field(parser);
      String where = field == null ? "" : " in '" + field + "'";
      String line = e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
      throw malformed(field, "The body is not valid JSON" + where + line + ": " + reason(e));
    }
  }

  private static String reason(JacksonException e) {
    String what = String.valueOf(e.getOriginalMessage());
    if (e instanceof UnexpectedEndOfInputException || what.contains(" end-of-input")) {
      return "it ends before it is complete.";
    }
    return what.contains("NaN") || what.contains("INF") || what.contains("Infinity")
        ? "NaN and Infinity are not allowed."
        : firstLine(what);
  }

  private String tooMuch(JsonParser parser) {
    int depth = parser.streamReadContext().getNestingDepth();
    return depth >= limits.jsonDepth()
        ? "The body is nested deeper than the limit of " + limits.jsonDepth() + "."
        : "The body has more JSON tokens than the limit of "
            + limits.jsonTokens()
            + ", or a number of more than 100 digits.";
  }

  private static @Nullable String field(JsonParser parser) {
    String pointer = parser.streamReadContext().pathAsPointer().toString();
    if (pointer.length() < 2) {
      return null;
    }
    int end = pointer.indexOf('/', 1);
    return ApiError.shorten(end < 0 ? pointer.substring(1) : pointer.substring(1, end));
  }

  private static void requireUtf8(byte[] body) {
    try {
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(body));
    } catch (CharacterCodingException e) {
      throw malformed(null, "The body is not valid UTF-8.");
    }
  }

  private static String firstLine(String message) {
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }

  private static ApiException malformed(@Nullable String param, String message) {
    return new ApiException(ApiError.invalid(param, "invalid_json", message));
  }
}
