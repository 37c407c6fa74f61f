package io.expertmesh.gateway.core.request;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The four shapes of a completion prompt: text, texts, token ids, arrays of token ids. */
final class PromptReader {
  private final ModelCard model;
  private final int maxPrompts;
  private final boolean addSpecialTokens;

  PromptReader(ModelCard model, int maxPrompts, boolean addSpecialTokens) {
    this.model = model;
    this.maxPrompts = maxPrompts;
    this.addSpecialTokens = addSpecialTokens;
  }

  List<PromptInput> read(Fields fields) {
    JsonNode value = fields.get("prompt");
    if (value == null) {
      throw ApiException.invalid(
          "prompt", "'prompt' is required: text, token ids, or lists of them.");
    }
    if (value.isString()) {
      return List.of(text("prompt", value));
    }
    if (!value.isArray()) {
      throw Fields.wrongType("prompt", "a string, an array of strings or of token ids", value);
    }
    if (value.isEmpty()) {
      throw ApiException.invalid("prompt", "'prompt' must not be empty.");
    }
    if (value.get(0).isIntegralNumber()) {
      return List.of(ids("prompt", value));
    }
    if (value.size() > maxPrompts) {
      throw Fields.tooMany("prompt", "prompts (times 'n')", value.size(), maxPrompts);
    }
    List<PromptInput> prompts = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      String name = "prompt[" + i + "]";
      JsonNode item = value.get(i);
      prompts.add(item.isArray() ? ids(name, item) : text(name, item));
    }
    return prompts;
  }

  private PromptInput text(String name, JsonNode value) {
    if (!value.isString()) {
      throw Fields.wrongType(name, "a string or an array of token ids", value);
    }
    if (value.stringValue().isEmpty()) {
      throw ApiException.invalid(name, "'" + name + "' must not be empty.");
    }
    return new PromptInput.Text(value.stringValue(), addSpecialTokens);
  }

  private PromptInput ids(String name, JsonNode array) {
    if (array.isEmpty()) {
      throw ApiException.invalid(name, "'" + name + "' must not be empty.");
    }
    if (array.size() > model.maxContext()) {
      throw new ApiException(
          ApiError.invalid(
              name,
              "context_length_exceeded",
              "'"
                  + name
                  + "' has "
                  + array.size()
                  + " tokens; the model's context is "
                  + model.maxContext()
                  + "."));
    }
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode item = array.get(i);
      if (!item.isIntegralNumber()
          || !item.canConvertToLong()
          || item.longValue() < 0
          || item.longValue() >= model.vocabSize()) {
        Fields.integer(name + "[" + i + "]", item, 0, model.vocabSize() - 1L);
      }
      ids[i] = item.intValue();
    }
    return new PromptInput.Ids(ids);
  }
}
