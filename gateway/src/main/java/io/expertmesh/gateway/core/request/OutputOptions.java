package io.expertmesh.gateway.core.request;

import org.jspecify.annotations.Nullable;

/**
 * What the answer shows.
 *
 * @param n choices per prompt
 * @param echo whether the prompt is part of the text
 * @param logprobs alternatives per token, null = no log-probabilities
 * @param tokensAsIds print tokens as {@code token_id:N}
 * @param tokenIds add the ids of prompt and answer
 * @param skipSpecialTokens leave special tokens out of the text
 * @param stream answer as server-sent events
 * @param streamUsage end the stream with the token counts
 * @param routing show the experts of the tokens of prompt and answer
 */
public record OutputOptions(
    int n,
    boolean echo,
    @Nullable Integer logprobs,
    boolean tokensAsIds,
    boolean tokenIds,
    boolean skipSpecialTokens,
    boolean stream,
    boolean streamUsage,
    boolean routing) {}
