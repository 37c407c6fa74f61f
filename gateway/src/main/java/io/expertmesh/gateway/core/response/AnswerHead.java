package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.RoutedLayer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What every object of an answer repeats.
 *
 * @param id of the answer
 * @param created seconds since 1970
 * @param streamUsage whether a stream ends with the token counts
 * @param tokenIds whether ids are shown
 * @param logprobs alternatives per token, null = none
 * @param routing whether the experts of tokens are shown
 * @param routedLayers the layers that have experts
 */
public record AnswerHead(
    String id,
    long created,
    String model,
    boolean streamUsage,
    boolean tokenIds,
    @Nullable Integer logprobs,
    boolean routing,
    List<RoutedLayer> routedLayers) {
  public AnswerHead {
    routedLayers = List.copyOf(routedLayers);
  }
}
