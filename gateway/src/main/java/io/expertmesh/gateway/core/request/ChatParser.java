package io.expertmesh.gateway.core.request;

import io.expertmesh.gateway.core.template.JsonValues;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads and judges a body of {@code /v1/chat/completions}. Fields it does not know are ignored. */
public final class ChatParser {
  private static final int MAX_TOP_LOGPROBS = 20;

  private final RequestLimits limits;

  public ChatParser(RequestLimits limits) {
    this.limits = limits;
  }

  /**
   * The request of a body.
   *
   * @throws ApiException naming the field and the limit it breaks
   */
  public GenerationRequest parse(JsonNode body, ModelCard model) {
    Fields fields = Fields.of(body);
    CommonFields common = new CommonFields(fields, limits, model);
    common.checkModel();
    refuseUnsupported(fields);
    fields.string("user");
    int n = common.choices();
    Integer maxTokens = maxTokens(fields, model);
    boolean stream = fields.flag("stream", false);
    return new GenerationRequest(
        GenerationRequest.Api.CHAT,
        List.of(prompt(fields)),
        maxTokens,
        Integer.MAX_VALUE,
        common.sampling(),
        common.stop(maxTokens),
        new OutputOptions(
            n,
            false,
            logprobs(fields, common),
            fields.flag("return_tokens_as_token_ids", false),
            fields.flag("return_token_ids", false),
            fields.flag("skip_special_tokens", true),
            stream,
            common.streamUsage(stream),
            common.routing()));
  }

  private static void refuseUnsupported(Fields fields) {
    fields.refuse("tools", "tool calls are not offered.");
    fields.refuse("functions", "tool calls are not offered.");
    fields.refuse("audio", "answers are text.");
    fields.refuse("chat_template", "the checkpoint's template is used.");
    fields.refuse("prediction", "predicted output is not offered.");
    JsonNode toolChoice = fields.get("tool_choice");
    if (toolChoice != null && !(toolChoice.isString() && toolChoice.stringValue().equals("none"))) {
      fields.refuse("tool_choice", "tool calls are not offered.");
    }
    Fields format = fields.object("response_format");
    if (format != null && !"text".equals(format.string("type"))) {
      fields.refuse("response_format", "only {\"type\": \"text\"} is offered.");
    }
    JsonNode modalities = fields.get("modalities");
    if (modalities != null
        && !(modalities.size() == 1 && modalities.get(0).toString().equals("\"text\""))) {
      fields.refuse("modalities", "only [\"text\"] is offered.");
    }
  }

  static PromptInput prompt(Fields fields) {
    Fields extra = fields.object("chat_template_kwargs");
    boolean more = fields.flag("continue_final_message", false);
    if (more) {
      throw new ApiException(
          ApiError.invalid(
              "continue_final_message",
              "unsupported_parameter",
              "'continue_final_message' is not supported: use /v1/completions."));
    }
    return new PromptInput.Chat(
        new MessageReader().read(fields),
        extra == null ? Map.of() : JsonValues.object(extra.node()),
        fields.flag("add_generation_prompt", true));
  }

  private static @Nullable Integer maxTokens(Fields fields, ModelCard model) {
    Integer current = fields.integer("max_completion_tokens", 1, model.maxContext());
    Integer legacy = fields.integer("max_tokens", 1, model.maxContext());
    return current != null ? current : legacy;
  }

  private static @Nullable Integer logprobs(Fields fields, CommonFields common) {
    boolean wanted = fields.flag("logprobs", false);
    int cap = Math.min(MAX_TOP_LOGPROBS, common.maxLogprobs());
    Integer top = fields.integer("top_logprobs", 0, cap);
    if (top != null && top > 0 && !wanted) {
      throw ApiException.invalid("top_logprobs", "'top_logprobs' needs 'logprobs': true.");
    }
    if (!wanted) {
      return null;
    }
    return top == null ? 0 : top;
  }
}
