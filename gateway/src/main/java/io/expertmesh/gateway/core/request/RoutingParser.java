package io.expertmesh.gateway.core.request;

import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Reads and judges a body of {@code /v1/routing}: one prompt, as text or token ids. Fields it does
 * not know are ignored.
 */
public final class RoutingParser {
  private static final SamplingOptions NO_SAMPLING =
      new SamplingOptions(0, 0, 1, 0, 0, 0, 1, 0L, Map.of());

  private RoutingParser() {}

  /**
   * The request of a body.
   *
   * @throws ApiException naming the field and the limit it breaks
   */
  public static GenerationRequest parse(JsonNode body, ModelCard model) {
    Fields fields = Fields.of(body);
    new CommonFields(fields, RequestLimits.defaults(), model).checkModel();
    CommonFields.requireExperts("model", model);
    return new GenerationRequest(
        GenerationRequest.Api.ROUTING,
        new PromptReader(model, 1, fields.flag("add_special_tokens", true)).read(fields),
        0,
        0,
        NO_SAMPLING,
        new StopRules(List.of(), List.of(), true, 0),
        new OutputOptions(
            1,
            false,
            null,
            fields.flag("return_tokens_as_token_ids", false),
            false,
            false,
            false,
            false,
            true));
  }
}
