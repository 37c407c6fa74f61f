package io.expertmesh.gateway.app;

import io.expertmesh.protocol.v1.RoutedLayerFacts;
import io.expertmesh.protocol.v1.TokenRouting;
import java.util.List;

/** The experts of the tokens of {@link TestGeneration}: they depend on the position only. */
final class TestRouting {
  /** Two of eight in one layer; one of four, with a capacity, in another. */
  static final List<RoutedLayerFacts> LAYERS =
      List.of(layer(1, 8, "SoftmaxTopK", 2), layer(3, 4, "SwitchTop1", 1));

  private TestRouting() {}

  private static RoutedLayerFacts layer(int index, int experts, String policy, int choices) {
    return RoutedLayerFacts.newBuilder()
        .setLayer(index)
        .setExperts(experts)
        .setPolicy(policy)
        .setMostChoices(choices)
        .build();
  }

  /** The second layer drops every third token. */
  static TokenRouting at(int position) {
    TokenRouting.Builder token =
        TokenRouting.newBuilder()
            .addCounts(2)
            .addExperts(position % 7)
            .addExperts(7)
            .addWeights(weight(position))
            .addWeights(1 - weight(position));
    if (position % 3 == 2) {
      return token
          .addCounts(0)
          .addDroppedCounts(0)
          .addDroppedCounts(1)
          .addDroppedExperts(position % 4)
          .addDroppedWeights(0.25f)
          .build();
    }
    return token.addCounts(1).addExperts(position % 4).addWeights(0.75f).build();
  }

  static float weight(int position) {
    return 1f / (3 + position % 5);
  }
}
