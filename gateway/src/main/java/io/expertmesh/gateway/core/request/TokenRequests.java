package io.expertmesh.gateway.core.request;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** Bodies of {@code /tokenize} and {@code /detokenize}. */
public final class TokenRequests {
  private TokenRequests() {}

  /** What to tokenize: {@code prompt}, a text, or {@code messages}, a conversation. */
  public static PromptInput tokenize(JsonNode body, ModelCard model) {
    Fields fields = Fields.of(body);
    new CommonFields(fields, RequestLimits.defaults(), model).checkModel();
    if (fields.has("messages")) {
      return ChatParser.prompt(fields);
    }
    String text = fields.string("prompt");
    if (text == null) {
      throw ApiException.invalid("prompt", "'prompt' (a string) or 'messages' is required.");
    }
    return new PromptInput.Text(text, fields.flag("add_special_tokens", true));
  }

  /** The ids of {@code tokens}. */
  public static int[] detokenize(JsonNode body, ModelCard model) {
    Fields fields = Fields.of(body);
    new CommonFields(fields, RequestLimits.defaults(), model).checkModel();
    if (!fields.has("tokens")) {
      throw ApiException.invalid("tokens", "'tokens' is required: an array of token ids.");
    }
    List<Integer> ids = fields.integers("tokens", 0, model.vocabSize() - 1L, model.maxContext());
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }
}
