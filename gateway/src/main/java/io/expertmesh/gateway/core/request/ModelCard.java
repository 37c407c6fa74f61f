package io.expertmesh.gateway.core.request;

import io.expertmesh.gateway.core.generation.RoutedLayer;
import java.util.List;
import java.util.Set;

/**
 * What the gateway must know of the served model to judge a request.
 *
 * @param id the name clients use
 * @param vocabSize ids are 0 … vocabSize − 1
 * @param maxContext prompt plus generated tokens of one request
 * @param maxLogprobs alternatives per token
 * @param eosIds ids that end a sequence
 * @param routedLayers the layers with routed experts; none if the model is dense
 */
public record ModelCard(
    String id,
    int vocabSize,
    int maxContext,
    int maxLogprobs,
    Set<Integer> eosIds,
    List<RoutedLayer> routedLayers) {
  public ModelCard {
    eosIds = Set.copyOf(eosIds);
    routedLayers = List.copyOf(routedLayers);
  }

  /** Most experts that one token can have in all layers together. */
  public int choicesPerToken() {
    return routedLayers.stream().mapToInt(RoutedLayer::mostChoices).sum();
  }
}
