package io.expertmesh.attention.core;

/**
 * How a token is chosen from logits.
 *
 * @param temperature 0 = the most probable token
 * @param topK 0 = off
 * @param topP 1 = off
 * @param minP 0 = off
 * @param presencePenalty subtracted once from every token generated before
 * @param frequencyPenalty subtracted per earlier occurrence among the generated tokens
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens in prompt or
 *     output (Keskar et al. 2019); 1 = off
 * @param seed draws depend on it and the position alone
 * @param biasIds tokens whose logits are shifted
 * @param biases shift of each
 */
public record SamplingSettings(
    float temperature,
    int topK,
    float topP,
    float minP,
    float presencePenalty,
    float frequencyPenalty,
    float repetitionPenalty,
    long seed,
    int[] biasIds,
    float[] biases) {
  public SamplingSettings {
    biasIds = biasIds.clone();
    biases = biases.clone();
    if (biasIds.length != biases.length) {
      throw new IllegalArgumentException("as many biases as biased tokens are needed");
    }
  }

  /** Always the most probable token. */
  public static SamplingSettings greedy() {
    return new SamplingSettings(0, 0, 1, 0, 0, 0, 1, 0, new int[0], new float[0]);
  }

  /** Plain sampling at a temperature. */
  public static SamplingSettings random(float temperature, long seed) {
    return new SamplingSettings(temperature, 0, 1, 0, 0, 0, 1, seed, new int[0], new float[0]);
  }

  /** True if the logits are changed before the choice. */
  boolean adjusts() {
    return presencePenalty != 0
        || frequencyPenalty != 0
        || repetitionPenalty != 1
        || biasIds.length > 0;
  }
}
