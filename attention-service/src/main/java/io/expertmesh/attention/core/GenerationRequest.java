package io.expertmesh.attention.core;

import java.util.Objects;
import java.util.OptionalInt;

/**
 * One generation, as the engine sees it. {@link RequestRules} says what is acceptable.
 *
 * @param requestId for logs
 * @param promptIds prompt, and after it the ids generated earlier for this same request
 * @param generated how many of the last ids are generated ones
 * @param maxTokens generated tokens wanted in all; 0 = score the prompt only
 * @param minTokens end-of-sequence and stop ids are not chosen before this many
 * @param sampling how tokens are chosen
 * @param stopTokenIds ids that end the generation, besides the model's
 * @param ignoreEos the model's own end-of-sequence ids do not end it
 * @param logprobs alternatives per generated token; empty = no log-probabilities
 * @param promptLogprobs alternatives per prompt token; empty = no log-probabilities
 * @param deadlineNanos on the engine's clock
 * @param cacheSalt pages are shared only between requests of equal salt
 * @param routingFrom position from which on the experts of tokens are told; empty = of none
 */
public record GenerationRequest(
    String requestId,
    int[] promptIds,
    int generated,
    int maxTokens,
    int minTokens,
    SamplingSettings sampling,
    int[] stopTokenIds,
    boolean ignoreEos,
    OptionalInt logprobs,
    OptionalInt promptLogprobs,
    long deadlineNanos,
    byte[] cacheSalt,
    OptionalInt routingFrom) {
  public GenerationRequest {
    Objects.requireNonNull(requestId, "requestId");
    promptIds = promptIds.clone();
    Objects.requireNonNull(sampling, "sampling");
    stopTokenIds = stopTokenIds.clone();
    Objects.requireNonNull(logprobs, "logprobs");
    Objects.requireNonNull(promptLogprobs, "promptLogprobs");
    cacheSalt = cacheSalt.clone();
    Objects.requireNonNull(routingFrom, "routingFrom");
  }

  /** A generation that does not tell the experts of its tokens. */
  public GenerationRequest(
      String requestId,
      int[] promptIds,
      int generated,
      int maxTokens,
      int minTokens,
      SamplingSettings sampling,
      int[] stopTokenIds,
      boolean ignoreEos,
      OptionalInt logprobs,
      OptionalInt promptLogprobs,
      long deadlineNanos,
      byte[] cacheSalt) {
    this(
        requestId,
        promptIds,
        generated,
        maxTokens,
        minTokens,
        sampling,
        stopTokenIds,
        ignoreEos,
        logprobs,
        promptLogprobs,
        deadlineNanos,
        cacheSalt,
        OptionalInt.empty());
  }

  /** The same generation, which tells the experts of its tokens from a position on. */
  public GenerationRequest withRoutingFrom(int position) {
    return new GenerationRequest(
        requestId,
        promptIds,
        generated,
        maxTokens,
        minTokens,
        sampling,
        stopTokenIds,
        ignoreEos,
        logprobs,
        promptLogprobs,
        deadlineNanos,
        cacheSalt,
        OptionalInt.of(position));
  }

  /** A greedy generation without extras. */
  public static GenerationRequest greedy(
      String requestId, int[] promptIds, int maxTokens, long deadlineNanos) {
    return new GenerationRequest(
        requestId,
        promptIds,
        0,
        maxTokens,
        0,
        SamplingSettings.greedy(),
        new int[0],
        true,
        OptionalInt.empty(),
        OptionalInt.empty(),
        deadlineNanos,
        new byte[0]);
  }

  /** Ids of the prompt proper. */
  public int promptLength() {
    return promptIds.length - generated;
  }
}
