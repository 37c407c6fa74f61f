package io.expertmesh.gateway.core.request;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** Reads and judges a body of {@code /v1/completions}. Fields it does not know are ignored. */
public final class CompletionParser {
  private static final int DEFAULT_MAX_TOKENS = 16;

  private final RequestLimits limits;

  public CompletionParser(RequestLimits limits) {
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
    fields.refuse("suffix", "insertion needs a model trained for it.");
    fields.string("user");
    int n = common.choices();
    List<PromptInput> prompts =
        new PromptReader(model, limits.generations() / n, fields.flag("add_special_tokens", true))
            .read(fields);
    boolean echo = fields.flag("echo", false);
    Integer given = fields.integer("max_tokens", 0, model.maxContext());
    if (given != null && given == 0 && !echo) {
      throw ApiException.invalid(
          "max_tokens",
          "'max_tokens' must be at least 1; 0 is for scoring a prompt and needs 'echo': true.");
    }
    Integer logprobs = fields.integer("logprobs", 0, common.maxLogprobs());
    boolean stream = fields.flag("stream", false);
    return new GenerationRequest(
        GenerationRequest.Api.COMPLETIONS,
        prompts,
        given,
        DEFAULT_MAX_TOKENS,
        common.sampling(),
        common.stop(given),
        new OutputOptions(
            n,
            echo,
            logprobs,
            fields.flag("return_tokens_as_token_ids", false),
            fields.flag("return_token_ids", false),
            fields.flag("skip_special_tokens", true),
            stream,
            common.streamUsage(stream),
            common.routing()));
  }
}
