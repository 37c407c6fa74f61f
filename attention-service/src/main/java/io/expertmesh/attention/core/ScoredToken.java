package io.expertmesh.attention.core;

import java.util.OptionalDouble;

/**
 * A token, and where it was asked for, how probable it was.
 *
 * @param id token id
 * @param logprob log-softmax of the raw logits at the token; empty where none was asked for and for
 *     the first prompt token
 * @param topIds most probable tokens, best first, equal ones in order of their ids
 * @param topLogprobs their log-probabilities
 */
public record ScoredToken(int id, OptionalDouble logprob, int[] topIds, float[] topLogprobs) {
  private static final int[] NO_IDS = new int[0];
  private static final float[] NO_LOGPROBS = new float[0];

  /** A token without log-probabilities. */
  public static ScoredToken plain(int id) {
    return new ScoredToken(id, OptionalDouble.empty(), NO_IDS, NO_LOGPROBS);
  }
}
