package io.expertmesh.launcher.core;

import io.expertmesh.protocol.core.placement.LoadBalance;
import java.util.Arrays;

/**
 * How a prompt used the experts of one layer.
 *
 * @param importance of each expert: the sum of its weights
 * @param load of each expert: the tokens that it computed
 * @param dropped choices that found no room
 */
public record LayerUse(double[] importance, double[] load, int dropped) {
  /** Counts the layer at a place of the routed layers. */
  static LayerUse of(PromptRouting routing, int place) {
    int experts = routing.layers().get(place).experts();
    double[] importance = new double[experts];
    double[] load = new double[experts];
    int dropped = 0;
    for (PromptRouting.Token token : routing.tokens()) {
      int[] chosen = token.experts().get(place);
      for (int i = 0; i < chosen.length; i++) {
        importance[chosen[i]] += token.weights().get(place)[i];
        load[chosen[i]]++;
      }
      dropped += token.dropped().get(place).length;
    }
    return new LayerUse(importance, load, dropped);
  }

  /** Standard deviation of the importance over its mean; 0 is even. */
  public double importanceVariation() {
    return LoadBalance.variation(importance);
  }

  /** Standard deviation of the load over its mean; 0 is even. */
  public double loadVariation() {
    return LoadBalance.variation(load);
  }

  /** The part of all assignments that an expert had, between 0 and 1. */
  public double share(int expert) {
    double all = Arrays.stream(load).sum();
    return all == 0 ? 0 : load[expert] / all;
  }
}
