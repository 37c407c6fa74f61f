package io.expertmesh.gateway.core.request;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the next token is drawn.
 *
 * @param temperature 0 = greedy
 * @param topK 0 = off
 * @param topP 1 = off
 * @param minP 0 = off
 * @param presencePenalty 0 = off
 * @param frequencyPenalty 0 = off
 * @param repetitionPenalty 1 = off
 * @param seed of the draws; null = one is made up
 * @param logitBias added to the logits, by token id
 */
public record SamplingOptions(
    float temperature,
    int topK,
    float topP,
    float minP,
    float presencePenalty,
    float frequencyPenalty,
    float repetitionPenalty,
    @Nullable Long seed,
    Map<Integer, Float> logitBias) {
  public SamplingOptions {
    logitBias = Map.copyOf(logitBias);
  }

  /** The same options with that seed. */
  public SamplingOptions withSeed(long value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        presencePenalty,
        frequencyPenalty,
        repetitionPenalty,
        value,
        logitBias);
  }
}
