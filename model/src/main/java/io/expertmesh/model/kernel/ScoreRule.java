package io.expertmesh.model.kernel;

import java.util.Objects;

/**
 * What attention does to the product of a query with a key before the softmax, and what else takes
 * part in it: {@code s = cap(scale · product) + slope · (key − query)}.
 *
 * @param scale factor on the products
 * @param softCap {@code softCap · tanh(s / softCap)} after scaling; 0 for none
 * @param slopes one per query head of the call, on the distance of the key's position from the
 *     query's, which is at most 0 (Press et al. 2022); empty for none
 * @param sinks one logit per query head of the call that takes part in the softmax and has no
 *     value; empty for none
 */
public record ScoreRule(float scale, float softCap, float[] slopes, float[] sinks) {
  private static final float[] NONE = {};

  public ScoreRule {
    Objects.requireNonNull(slopes, "slopes");
    Objects.requireNonNull(sinks, "sinks");
    if (!(softCap >= 0)) {
      throw new IllegalArgumentException("soft cap " + softCap + ", must be at least 0");
    }
  }

  /** Scores are scaled and nothing else. */
  public static ScoreRule scaled(float scale) {
    return new ScoreRule(scale, 0, NONE, NONE);
  }

  /** The score of a key that stands {@code distance} positions from the query, for query head h. */
  float score(float product, int h, int distance) {
    float s = product * scale;
    if (softCap > 0) {
      s = softCap * ExpMath.tanh(s / softCap);
    }
    return slopes.length == 0 ? s : Math.fma(slopes[h], (float) distance, s);
  }

  /** The largest logit that takes part, given the largest score. */
  float max(float largest, int h) {
    return sinks.length == 0 ? largest : Math.max(largest, sinks[h]);
  }

  /** What the weights are divided by, given their sum. */
  float sum(float weights, float max, int h) {
    return sinks.length == 0 ? weights : weights + ExpMath.exp(sinks[h] - max);
  }
}
