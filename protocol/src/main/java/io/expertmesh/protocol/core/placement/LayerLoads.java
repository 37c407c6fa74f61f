package io.expertmesh.protocol.core.placement;

import java.util.Arrays;

/**
 * What was observed of one layer.
 *
 * @param layer index of the layer in the model
 * @param tokens that the gate gave to each expert
 */
public record LayerLoads(int layer, long[] tokens) {
  public LayerLoads {
    tokens = tokens.clone();
    for (long count : tokens) {
      if (count < 0) {
        throw new IllegalArgumentException("an expert has " + count + " tokens");
      }
    }
  }

  /** Experts of the layer. */
  public int experts() {
    return tokens.length;
  }

  /** Tokens of all experts. */
  public long total() {
    return Arrays.stream(tokens).sum();
  }

  /** Experts by descending tokens, equal ones by index. */
  int[] hottestFirst() {
    return java.util.stream.IntStream.range(0, tokens.length)
        .boxed()
        .sorted((a, b) -> Long.compare(tokens[b], tokens[a]))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
