package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.GatingSpec.ExpertChoice.Scores;
import io.expertmesh.model.kernel.Kernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Experts choose tokens: each takes the tokens of the group with its largest scores, as many as its
 * capacity. A token may have every expert or none, or no more than a bound, see {@link
 * CappedChoice}. A token that is decoded has no group: an expert takes it if the score reaches the
 * expert's threshold; under a bound, those with the largest scores of these experts do.
 *
 * <p>Source: Zhou et al., Mixture-of-Experts with Expert Choice Routing, 2022; scores over tokens
 * are Mesh TensorFlow's.
 */
public final class ExpertChoice extends GroupPolicy {
  private static final float UNCHOSEN = -1;

  private final GatingSpec.ExpertChoice rule;
  private final float[] thresholds;
  private final @Nullable CappedChoice capped;
  private float[] column = new float[0];
  private float[] columns = new float[0];
  private int[] taken = new int[0];
  private final int[] best;

  /** Weight of each (token, expert), or {@link #UNCHOSEN}. */
  private float[] weights = new float[0];

  /**
   * Lets {@code experts} choose.
   *
   * @param thresholds of each expert, for decoding; empty if the checkpoint has none
   */
  public ExpertChoice(
      GatingSpec.ExpertChoice rule, int experts, float[] thresholds, Kernels kernels) {
    super(rule, experts, kernels);
    this.rule = rule;
    this.best = new int[experts];
    if (thresholds.length > 0) {
      GatingPolicy.requireTable("table of expert thresholds", thresholds, experts);
      if (rule.scores() == Scores.OVER_TOKENS) {
        throw new IllegalArgumentException(
            "expert choice with scores over tokens has no meaning for thresholds");
      }
    }
    this.thresholds = thresholds.clone();
    int most = rule.mostChoices(experts);
    this.capped = most < experts ? new CappedChoice(experts, most) : null;
  }

  @Override
  void choose(float[] logits, int tokens) {
    begin(tokens);
    boolean overExperts = rule.scores() == Scores.OVER_EXPERTS;
    if (overExperts) {
      for (int token = 0; token < tokens; token++) {
        kernels.softmax(logits, offset(token), experts);
      }
    }
    int capacity = Math.min(rule.capacity().of(tokens, experts), tokens);
    if (capped != null) {
      chooseCapped(capped, logits, tokens, capacity);
      return;
    }
    for (int expert = 0; expert < experts; expert++) {
      for (int token = 0; token < tokens; token++) {
        column[token] = logits[offset(token) + expert];
      }
      if (!overExperts && tokens > 0) {
        kernels.softmax(column, 0, tokens);
      }
      kernels.topK(column, 0, tokens, capacity, taken, 0);
      for (int i = 0; i < capacity; i++) {
        weights[taken[i] * experts + expert] = column[taken[i]];
      }
    }
    if (!overExperts) {
      divideByChoosers(tokens);
    }
  }

  private void chooseCapped(CappedChoice choice, float[] p, int tokens, int capacity) {
    if (columns.length < experts * tokens) {
      columns = new float[experts * tokens];
    }
    for (int token = 0; token < tokens; token++) {
      for (int expert = 0; expert < experts; expert++) {
        columns[expert * tokens + token] = p[offset(token) + expert];
      }
    }
    boolean[] chosen = choice.choose(columns, tokens, capacity);
    for (int token = 0; token < tokens; token++) {
      for (int expert = 0; expert < experts; expert++) {
        if (chosen[expert * tokens + token]) {
          weights[token * experts + expert] = columns[expert * tokens + token];
        }
      }
    }
  }

  private void begin(int tokens) {
    if (weights.length < tokens * experts) {
      weights = new float[tokens * experts];
    }
    if (column.length < tokens) {
      column = new float[tokens];
      taken = new int[tokens];
    }
    Arrays.fill(weights, 0, tokens * experts, UNCHOSEN);
  }

  private void divideByChoosers(int tokens) {
    for (int token = 0; token < tokens; token++) {
      int choosers = 0;
      for (int expert = 0; expert < experts; expert++) {
        choosers += weights[token * experts + expert] == UNCHOSEN ? 0 : 1;
      }
      for (int expert = 0; expert < experts; expert++) {
        if (weights[token * experts + expert] != UNCHOSEN) {
          weights[token * experts + expert] /= choosers;
        }
      }
    }
  }

  @Override
  public void assignDecoding(float[] logits, int[] tokenIds, int from, int to, Assignments out) {
    if (thresholds.length == 0) {
      throw new UndecidableException(
          "expert choice cannot decode: which tokens an expert takes depends on those that follow,"
              + " and the checkpoint has no table of thresholds; score whole prompts with"
              + " max_tokens 0, add a table of one threshold per expert, or use a checkpoint whose"
              + " tokens choose experts");
    }
    int tokens = collect(logits, from, to);
    begin(tokens);
    for (int token = 0; token < tokens; token++) {
      int offset = offset(token);
      kernels.softmax(logits, offset, experts);
      int most = rule.mostChoices(experts);
      kernels.topK(logits, offset, experts, experts, best, 0);
      for (int i = 0; i < experts && most > 0; i++) {
        float score = logits[offset + best[i]];
        if (score >= thresholds[best[i]]) {
          weights[token * experts + best[i]] = score;
          most--;
        }
      }
    }
    emit(from, to, tokens, out);
  }

  @Override
  void emit(int token, Assignments out) {
    for (int expert = 0; expert < experts; expert++) {
      float weight = weights[token * experts + expert];
      if (weight != UNCHOSEN) {
        out.add(expert, weight);
      }
    }
  }
}
