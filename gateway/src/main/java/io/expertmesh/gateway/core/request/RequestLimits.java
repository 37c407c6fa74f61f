package io.expertmesh.gateway.core.request;

/**
 * Bounds on what one request may ask for. Prompt length and log-probabilities are bounded by the
 * model besides.
 *
 * @param jsonDepth nesting of the body
 * @param jsonTokens values, names and brackets in the body
 * @param choices the most that {@code n} may be
 * @param generations prompts × n
 * @param stops stop strings
 * @param stopChars characters of one stop string
 * @param logitBias entries of {@code logit_bias}
 * @param logprobs alternatives per token, besides the model's own cap
 * @param scoredValues prompt tokens × alternatives when a prompt is scored
 * @param routedChoices tokens × experts per token over all layers, when routing is shown
 * @param streamBytes of a stream that may wait for its reader; the prompts' routing comes at once
 */
public record RequestLimits(
    int jsonDepth,
    long jsonTokens,
    int choices,
    int generations,
    int stops,
    int stopChars,
    int logitBias,
    int logprobs,
    long scoredValues,
    long routedChoices,
    long streamBytes) {
  public RequestLimits {
    if (jsonDepth < 4
        || jsonTokens < 16
        || choices < 1
        || generations < 1
        || stops < 1
        || stopChars < 1
        || logitBias < 0
        || logprobs < 0
        || scoredValues < 1
        || routedChoices < 1
        || streamBytes < 1) {
      throw new IllegalArgumentException("expertmesh.gateway.limits.* must be positive");
    }
  }

  /** What a gateway without configuration allows. */
  public static RequestLimits defaults() {
    return new RequestLimits(
        64, 1_000_000, 16, 128, 16, 256, 1024, 1 << 20, 1L << 22, 1L << 18, 1L << 20);
  }
}
