package io.expertmesh.gateway.core.response;

import org.jspecify.annotations.Nullable;

/**
 * What every object of an answer repeats.
 *
 * @param id of the answer
 * @param created seconds since 1970
 * @param streamUsage whether a stream ends with the token counts
 * @param tokenIds whether ids are shown
 * @param logprobs alternatives per token, null = none
 */
public record AnswerHead(
    String id,
    long created,
    String model,
    boolean streamUsage,
    boolean tokenIds,
    @Nullable Integer logprobs) {}
