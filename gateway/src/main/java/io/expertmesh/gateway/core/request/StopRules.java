package io.expertmesh.gateway.core.request;

import java.util.List;

/**
 * What ends a generation.
 *
 * @param strings text that ends it and is not returned
 * @param tokenIds ids that end it, besides the model's end of sequence
 * @param ignoreEos whether the model's end of sequence is generated through
 * @param minTokens tokens before which nothing ends it
 */
public record StopRules(
    List<String> strings, List<Integer> tokenIds, boolean ignoreEos, int minTokens) {
  public StopRules {
    strings = List.copyOf(strings);
    tokenIds = List.copyOf(tokenIds);
  }
}
