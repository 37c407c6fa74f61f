package io.expertmesh.gateway.core.generation;

import java.util.Objects;

/**
 * A layer of the served model that has routed experts.
 *
 * @param layer index in the model
 * @param experts how many there are
 * @param policy name of the rule that assigns tokens
 * @param mostChoices most experts that one token can have here
 */
public record RoutedLayer(int layer, int experts, String policy, int mostChoices) {
  public RoutedLayer {
    Objects.requireNonNull(policy, "policy");
  }
}
