package io.expertmesh.gateway.core.generation;

import io.expertmesh.gateway.core.request.SamplingOptions;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One sequence to generate.
 *
 * @param requestId names the request in logs of all services
 * @param tenant whose request it is; prefixes are reused within a tenant only
 * @param promptIds prompt, followed by what was generated before an interruption
 * @param generated how many of {@code promptIds} were generated before
 * @param maxTokens tokens in all, those generated before included; 0 = score the prompt only
 * @param minTokens tokens before which no stop id ends it
 * @param sampling its seed is set
 * @param stopIds ids asked for by the client
 * @param eosIds the model's own ids that end it
 * @param ignoreEos whether {@code eosIds} are generated through
 * @param logprobs alternatives per generated token, null = none
 * @param promptLogprobs alternatives per prompt token, null = none
 * @param routingFrom position from which on the experts of tokens are wanted, null = of none
 * @param deadlineNanos on the clock of {@code System.nanoTime}
 * @param trace {@code traceparent} of the request's span, empty if it is not traced
 */
public record GenerationSpec(
    String requestId,
    String tenant,
    int[] promptIds,
    int generated,
    int maxTokens,
    int minTokens,
    SamplingOptions sampling,
    Set<Integer> stopIds,
    Set<Integer> eosIds,
    boolean ignoreEos,
    @Nullable Integer logprobs,
    @Nullable Integer promptLogprobs,
    @Nullable Integer routingFrom,
    long deadlineNanos,
    String trace) {
  public GenerationSpec {
    stopIds = Set.copyOf(stopIds);
    eosIds = Set.copyOf(eosIds);
  }

  /** Whether that id ends the sequence as its {@code count}-th generated token. */
  public boolean endsWith(int id, int count) {
    return count > minTokens && (stopIds.contains(id) || (!ignoreEos && eosIds.contains(id)));
  }

  /**
   * The rest of this generation.
   *
   * @param count tokens of {@code ids} that are out
   * @param routed positions whose experts are known
   */
  public GenerationSpec resumedAfter(int[] ids, int count, int routed) {
    int[] all = Arrays.copyOf(promptIds, promptIds.length + count);
    System.arraycopy(ids, 0, all, promptIds.length, count);
    return new GenerationSpec(
        requestId,
        tenant,
        all,
        generated + count,
        maxTokens,
        minTokens,
        sampling,
        stopIds,
        eosIds,
        ignoreEos,
        logprobs,
        count == 0 ? promptLogprobs : null,
        routingFrom == null ? null : Integer.valueOf(routed),
        deadlineNanos,
        trace);
  }

  /** This generation as a part of a traced request. */
  public GenerationSpec tracedBy(String traceparent) {
    return new GenerationSpec(
        requestId,
        tenant,
        promptIds,
        generated,
        maxTokens,
        minTokens,
        sampling,
        stopIds,
        eosIds,
        ignoreEos,
        logprobs,
        promptLogprobs,
        routingFrom,
        deadlineNanos,
        traceparent);
  }
}
