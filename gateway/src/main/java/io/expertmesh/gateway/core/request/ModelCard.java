package io.expertmesh.gateway.core.request;

import java.util.Set;

/**
 * What the gateway must know of the served model to judge a request.
 *
 * @param id the name clients use
 * @param vocabSize ids are 0 … vocabSize − 1
 * @param maxContext prompt plus generated tokens of one request
 * @param maxLogprobs alternatives per token
 * @param eosIds ids that end a sequence
 */
public record ModelCard(
    String id, int vocabSize, int maxContext, int maxLogprobs, Set<Integer> eosIds) {
  public ModelCard {
    eosIds = Set.copyOf(eosIds);
  }
}
