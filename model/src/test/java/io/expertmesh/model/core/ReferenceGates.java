package io.expertmesh.model.core;

import java.util.Arrays;

/** The assignment rules of decoders that handle each row alone, as the formulas state them. */
final class ReferenceGates {
  private ReferenceGates() {}

  /**
   * The weight of every expert: 0 for those that are not chosen.
   *
   * @param logits one per expert
   * @param table the gate's further numbers, or empty
   */
  static double[] weights(GatingSpec policy, double[] logits, float[] table) {
    return switch (policy) {
      case GatingSpec.SoftmaxTopK(int k, boolean normalized, float scale) -> {
        double[] scores = logits.clone();
        ForwardReference.softmax(scores);
        yield chosen(scores, scores, k, normalized, scale);
      }
      case GatingSpec.GroupLimitedTopK(
              int k,
              int groups,
              int kept,
              boolean normalized,
              float scale) -> {
        double[] scores = logits.clone();
        ForwardReference.softmax(scores);
        double[] limited = limit(scores, groups, kept, 1);
        yield chosen(limited, scores, k, normalized, scale);
      }
      case GatingSpec.SigmoidTopK(int k, int groups, int kept, boolean normalized, float scale) -> {
        double[] scores = new double[logits.length];
        double[] biased = new double[logits.length];
        for (int e = 0; e < scores.length; e++) {
          scores[e] = 1 / (1 + Math.exp(-logits[e]));
          biased[e] = scores[e] + (table.length == 0 ? 0 : table[e]);
        }
        yield chosen(limit(biased, groups, kept, 2), scores, k, normalized, scale);
      }
      case GatingSpec.SparseMixer(float jitter) -> sparseMixer(logits, jitter);
      case GatingSpec.TopKSoftmax(int k) -> {
        double[] kept = logits.clone();
        boolean[] best = largest(logits, k);
        for (int e = 0; e < kept.length; e++) {
          kept[e] = best[e] ? kept[e] : Double.NEGATIVE_INFINITY;
        }
        ForwardReference.softmax(kept);
        yield kept;
      }
      default -> throw new IllegalArgumentException("no reference for " + policy);
    };
  }

  private static double[] chosen(
      double[] ranked, double[] scores, int k, boolean normalized, double scale) {
    boolean[] best = largest(ranked, k);
    double[] weights = new double[scores.length];
    double sum = 0;
    for (int e = 0; e < scores.length; e++) {
      weights[e] = best[e] ? scores[e] : 0;
      sum += weights[e];
    }
    for (int e = 0; e < scores.length; e++) {
      weights[e] *= scale / (normalized ? sum : 1);
    }
    return weights;
  }

  /** Scores with −∞ for those outside the best groups, ranked by the sum of their best. */
  private static double[] limit(double[] scores, int groups, int kept, int best) {
    int size = scores.length / groups;
    double[] ranks = new double[groups];
    for (int g = 0; g < groups; g++) {
      double[] group = Arrays.copyOfRange(scores, g * size, (g + 1) * size);
      Arrays.sort(group);
      for (int i = 0; i < Math.min(best, size); i++) {
        ranks[g] += group[size - 1 - i];
      }
    }
    boolean[] stay = largest(ranks, kept);
    double[] limited = scores.clone();
    for (int e = 0; e < limited.length; e++) {
      limited[e] = stay[e / size] ? limited[e] : Double.NEGATIVE_INFINITY;
    }
    return limited;
  }

  private static double[] sparseMixer(double[] logits, double jitter) {
    double[] weights = new double[logits.length];
    double[] left = logits.clone();
    for (int pick = 0; pick < 2; pick++) {
      int best = 0;
      for (int e = 1; e < left.length; e++) {
        best = left[e] > left[best] ? e : best;
      }
      double sum = 0;
      for (int e = 0; e < left.length; e++) {
        double distance = (left[best] - logits[e]) / Math.max(Math.abs(logits[e]), left[best]);
        if (left[e] != Double.NEGATIVE_INFINITY && !(distance > 2 * jitter)) {
          sum += Math.exp(left[e] - left[best]);
        }
      }
      weights[best] = 1 / sum;
      left[best] = Double.NEGATIVE_INFINITY;
    }
    return weights;
  }

  /** Marks the k largest; of equal ones the first. */
  private static boolean[] largest(double[] values, int k) {
    boolean[] marked = new boolean[values.length];
    for (int n = 0; n < k; n++) {
      int best = -1;
      for (int i = 0; i < values.length; i++) {
        if (!marked[i] && (best < 0 || values[i] > values[best])) {
          best = i;
        }
      }
      marked[best] = true;
    }
    return marked;
  }
}
