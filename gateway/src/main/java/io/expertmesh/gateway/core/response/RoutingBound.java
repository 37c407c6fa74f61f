package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.request.GenerationRequest;
import io.expertmesh.gateway.core.request.ModelCard;
import io.expertmesh.gateway.core.request.RequestLimits;

/**
 * Counts the experts that an answer with routing may have to show, before anything is computed, and
 * refuses what is too much to hold.
 */
final class RoutingBound {
  /** JSON of a token without its experts, and of one expert, at most. */
  private static final long BYTES_PER_TOKEN = 128;

  private static final long BYTES_PER_CHOICE = 40;

  private final GenerationRequest request;
  private final RequestLimits limits;
  private final long perToken;
  private long promptTokens;
  private long tokens;

  RoutingBound(GenerationRequest request, ModelCard model, RequestLimits limits) {
    this.request = request;
    this.limits = limits;
    this.perToken = model.choicesPerToken();
  }

  /**
   * Counts one prompt with its choices.
   *
   * @throws ApiException if there is too much to show
   */
  void add(int prompt, int maxTokens) {
    if (!request.output().routing()) {
      return;
    }
    int n = request.output().n();
    promptTokens += (long) n * prompt;
    tokens += (long) n * (prompt + maxTokens);
    boolean generates = request.api() != GenerationRequest.Api.ROUTING;
    refuse(
        tokens,
        limits.routedChoices() / perToken,
        generates
            ? "tokens of prompts and 'max_tokens', all choices together"
            : "tokens of 'prompt'");
    if (request.output().stream()) {
      // a prompt's routing comes in one go, and what a reader has not taken is bounded
      refuse(
          promptTokens,
          limits.streamBytes() / (BYTES_PER_TOKEN + perToken * BYTES_PER_CHOICE),
          "tokens of prompts in a stream");
    }
  }

  private void refuse(long count, long limit, String what) {
    if (count > limit) {
      boolean generates = request.api() != GenerationRequest.Api.ROUTING;
      throw ApiException.invalid(
          generates ? "return_routing" : "prompt",
          "Routing is shown for at most "
              + limit
              + " "
              + what
              + ", not "
              + count
              + ": each token has up to "
              + perToken
              + " experts in this model's layers.");
    }
  }
}
