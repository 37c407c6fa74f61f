package io.expertmesh.gateway.core.request;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One validated request of one of the endpoints that compute.
 *
 * @param api which endpoint was called
 * @param prompts at least one
 * @param maxTokens the client's bound on generated tokens, null if none was given
 * @param defaultMaxTokens the bound if none was given; what is left of the context bounds it too
 */
public record GenerationRequest(
    Api api,
    List<PromptInput> prompts,
    @Nullable Integer maxTokens,
    int defaultMaxTokens,
    SamplingOptions sampling,
    StopRules stop,
    OutputOptions output) {
  /** The endpoints that compute tokens. */
  public enum Api {
    COMPLETIONS,
    CHAT,
    /** Shows the experts of a prompt's tokens, and generates nothing. */
    ROUTING
  }

  public GenerationRequest {
    prompts = List.copyOf(prompts);
  }
}
