package io.expertmesh.gateway.core.generation;

import org.jspecify.annotations.Nullable;

/**
 * One token of a prompt or an answer.
 *
 * @param logprob natural logarithm of its probability, null where none was asked for and for the
 *     first token of a prompt
 * @param topIds the most probable ids, best first
 * @param topLogprobs their log-probabilities, as many
 */
public record ScoredToken(int id, @Nullable Float logprob, int[] topIds, float[] topLogprobs) {
  private static final int[] NO_IDS = {};
  private static final float[] NO_LOGPROBS = {};

  /** A token without log-probabilities. */
  public static ScoredToken plain(int id) {
    return new ScoredToken(id, null, NO_IDS, NO_LOGPROBS);
  }
}
