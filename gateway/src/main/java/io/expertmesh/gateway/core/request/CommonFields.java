package io.expertmesh.gateway.core.request;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The fields that both generating endpoints share. */
final class CommonFields {
  private final Fields fields;
  private final RequestLimits limits;
  private final ModelCard model;

  CommonFields(Fields fields, RequestLimits limits, ModelCard model) {
    this.fields = fields;
    this.limits = limits;
    this.model = model;
  }

  /** Checks the name of the model; a request without one means the served model. */
  void checkModel() {
    String wanted = fields.string("model");
    if (wanted != null && !wanted.equals(model.id())) {
      throw new ApiException(ApiError.unknownModel(wanted, model.id()));
    }
  }

  int choices() {
    int n = fields.integer("n", 1, limits.choices(), 1);
    Integer bestOf = fields.integer("best_of", 1, Integer.MAX_VALUE);
    if (bestOf != null && bestOf != n) {
      throw new ApiException(
          ApiError.invalid(
              "best_of",
              "unsupported_parameter",
              "'best_of' is not supported: every choice is returned, use 'n'."));
    }
    return n;
  }

  SamplingOptions sampling() {
    return new SamplingOptions(
        fields.number("temperature", 0, 2, 1),
        topK(),
        topP(),
        fields.number("min_p", 0, 1, 0),
        fields.number("presence_penalty", -2, 2, 0),
        fields.number("frequency_penalty", -2, 2, 0),
        repetitionPenalty(),
        fields.longInteger("seed"),
        logitBias());
  }

  StopRules stop(@Nullable Integer maxTokens) {
    int minTokens = fields.integer("min_tokens", 0, model.maxContext(), 0);
    if (maxTokens != null && minTokens > maxTokens) {
      throw ApiException.invalid(
          "min_tokens",
          "'min_tokens' is " + minTokens + ", more than max_tokens, " + maxTokens + ".");
    }
    return new StopRules(
        stopStrings(),
        fields.integers("stop_token_ids", 0, model.vocabSize() - 1L, 1024),
        fields.flag("ignore_eos", false),
        minTokens);
  }

  /** Checks {@code stream_options}; true if the stream shall end with the token counts. */
  boolean streamUsage(boolean stream) {
    Fields options = fields.object("stream_options");
    if (options == null) {
      return false;
    }
    if (!stream) {
      throw ApiException.invalid(
          "stream_options", "'stream_options' is only allowed when 'stream' is true.");
    }
    return options.flag("include_usage", false);
  }

  /** Checks {@code return_routing}; true if the experts of tokens shall be shown. */
  boolean routing() {
    boolean wanted = fields.flag("return_routing", false);
    if (wanted) {
      requireExperts("return_routing", model);
    }
    return wanted;
  }

  /** Refuses a question for experts where there are none. */
  static void requireExperts(String param, ModelCard model) {
    if (model.routedLayers().isEmpty()) {
      throw ApiException.invalid(
          param,
          "The model '"
              + model.id()
              + "' is dense: none of its layers has routed experts, so there is no routing to"
              + " show.");
    }
  }

  /** The most alternatives per token that a request may ask for. */
  int maxLogprobs() {
    return Math.min(limits.logprobs(), Math.min(model.maxLogprobs(), model.vocabSize()));
  }

  private int topK() {
    int topK = fields.integer("top_k", -1, Integer.MAX_VALUE, 0);
    return Math.max(0, topK);
  }

  private float topP() {
    float topP = fields.number("top_p", 0, 1, 1);
    if (topP == 0) {
      throw ApiException.invalid("top_p", "'top_p' must be above 0 and at most 1, not 0.");
    }
    return topP;
  }

  private float repetitionPenalty() {
    float penalty = fields.number("repetition_penalty", 0, 10, 1);
    if (penalty == 0) {
      throw ApiException.invalid(
          "repetition_penalty", "'repetition_penalty' must be above 0 and at most 10, not 0.");
    }
    return penalty;
  }

  private List<String> stopStrings() {
    JsonNode value = fields.get("stop");
    if (value == null) {
      return List.of();
    }
    if (value.isString()) {
      return List.of(stopString("stop", value));
    }
    if (!value.isArray()) {
      throw Fields.wrongType("stop", "a string or an array of strings", value);
    }
    if (value.size() > limits.stops()) {
      throw Fields.tooMany("stop", "strings", value.size(), limits.stops());
    }
    List<String> result = new ArrayList<>();
    for (int i = 0; i < value.size(); i++) {
      result.add(stopString("stop[" + i + "]", value.get(i)));
    }
    return result;
  }

  private String stopString(String name, JsonNode value) {
    if (!value.isString()) {
      throw Fields.wrongType(name, "a string", value);
    }
    String text = value.stringValue();
    if (text.isEmpty()) {
      throw ApiException.invalid(name, "'" + name + "' must not be empty.");
    }
    if (text.length() > limits.stopChars()) {
      throw Fields.tooMany(name, "characters", text.length(), limits.stopChars());
    }
    return text;
  }

  private Map<Integer, Float> logitBias() {
    JsonNode value = fields.get("logit_bias");
    if (value == null) {
      return Map.of();
    }
    if (!value.isObject()) {
      throw Fields.wrongType("logit_bias", "an object of token id to bias", value);
    }
    if (value.size() > limits.logitBias()) {
      throw Fields.tooMany("logit_bias", "entries", value.size(), limits.logitBias());
    }
    Map<Integer, Float> result = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : value.properties()) {
      String name = "logit_bias." + ApiError.shorten(entry.getKey());
      result.put(
          biasedToken(name, entry.getKey()), Fields.number(name, entry.getValue(), -100, 100));
    }
    return result;
  }

  private int biasedToken(String name, String key) {
    int id = -1;
    if (key.length() <= 10 && !key.isEmpty() && key.chars().allMatch(c -> c >= '0' && c <= '9')) {
      long value = Long.parseLong(key);
      id = value < model.vocabSize() ? (int) value : -1;
    }
    if (id < 0) {
      throw ApiException.invalid(
          name,
          "A key of 'logit_bias' must be a token id from 0 to "
              + (model.vocabSize() - 1)
              + ", not '"
              + ApiError.shorten(key)
              + "'.");
    }
    return id;
  }
}
