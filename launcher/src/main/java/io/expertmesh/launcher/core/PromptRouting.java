package io.expertmesh.launcher.core;

import java.util.List;
import java.util.Objects;

/**
 * Which experts the tokens of a prompt had, in every routed layer.
 *
 * @param layers the routed layers, ascending
 * @param tokens the prompt
 */
public record PromptRouting(List<Layer> layers, List<Token> tokens) {
  public PromptRouting {
    layers = List.copyOf(layers);
    tokens = List.copyOf(tokens);
  }

  /**
   * A routed layer.
   *
   * @param index in the model
   * @param experts how many it has
   * @param policy name of the rule that assigns tokens
   */
  public record Layer(int index, int experts, String policy) {
    public Layer {
      Objects.requireNonNull(policy, "policy");
    }
  }

  /**
   * One token; each list has one entry per routed layer.
   *
   * @param text for people
   * @param experts that computed it
   * @param weights of these
   * @param dropped experts that had no room for it
   */
  public record Token(
      String text, List<int[]> experts, List<float[]> weights, List<int[]> dropped) {
    public Token {
      experts = List.copyOf(experts);
      weights = List.copyOf(weights);
      dropped = List.copyOf(dropped);
    }

    /** The expert with the largest weight in the layer of that place; -1 if it had none. */
    int heaviest(int place) {
      int best = -1;
      float most = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < experts.get(place).length; i++) {
        if (weights.get(place)[i] > most) {
          most = weights.get(place)[i];
          best = experts.get(place)[i];
        }
      }
      return best;
    }
  }
}
