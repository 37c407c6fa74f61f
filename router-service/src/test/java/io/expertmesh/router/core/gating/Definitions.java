package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.SecondChoice;
import java.util.Arrays;

/**
 * The rules once more, as their papers put them: whole matrices of doubles, one plain loop after
 * the other, nothing shared with the policies.
 */
final class Definitions {
  final double[][] s;
  final int tokens;
  final int experts;

  /** Weight of each (token, expert) pair; NaN where there is none. */
  final double[][] weight;

  /** What pairs that found no room would have had beside all others; NaN where there is none. */
  final double[][] dropped;

  private Definitions(double[][] logits) {
    s = logits;
    tokens = logits.length;
    experts = logits[0].length;
    weight = new double[tokens][experts];
    dropped = new double[tokens][experts];
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(weight[t], Double.NaN);
      Arrays.fill(dropped[t], Double.NaN);
    }
  }

  static Definitions of(GatingSpec spec, double[][] logits, double[] table) {
    Definitions d = new Definitions(logits);
    switch (spec) {
      case GatingSpec.SoftmaxTopK(int k, boolean normalized, float scale) ->
          d.take(d.softmax(), d.softmax(), k, normalized ? 1 : 0, scale);
      case GatingSpec.GroupLimitedTopK(
              int k,
              int groups,
              int kept,
              boolean normalized,
              float scale) ->
          d.take(
              d.limited(d.softmax(), groups, kept, 1), d.softmax(), k, normalized ? 1 : 0, scale);
      case GatingSpec.SigmoidTopK rule -> d.sigmoid(rule, table);
      case GatingSpec.SparseMixer(float jitter) -> d.sparseMixer(jitter);
      case GatingSpec.TopKSoftmax(int k) -> d.topKSoftmax(k);
      case GatingSpec.MegaBlocksTopK rule -> {
        d.take(d.softmax(), d.softmax(), rule.k(), rule.norm().orElse(0), 1);
        int capacity = rule.capacity().of(d.tokens, d.experts);
        for (int e = 0; e < d.experts; e++) {
          int seated = 0;
          for (int t = 0; t < d.tokens; t++) {
            if (!Double.isNaN(d.weight[t][e]) && seated++ >= capacity) {
              d.drop(t, e);
            }
          }
        }
      }
      case GatingSpec.SwitchTop1 rule -> {
        double[][] p = d.softmax();
        for (int t = 0; t < d.tokens; t++) {
          int e = best(p[t]);
          int before = 0;
          for (int u = 0; u < t; u++) {
            before += best(p[u]) == e ? 1 : 0;
          }
          d.weight[t][e] = p[t][e];
          if (before >= rule.capacity().of(d.tokens, d.experts)) {
            d.drop(t, e);
          }
        }
      }
      case GatingSpec.GShardTop2 rule -> d.gshard(rule);
      case GatingSpec.NllbTop2 rule -> d.nllb(rule);
      case GatingSpec.ExpertChoice rule -> d.expertChoice(rule);
      case GatingSpec.BaseLayer _ -> {
        for (int t = 0; t < d.tokens; t++) {
          int e = best(logits[t]);
          d.weight[t][e] = 1 / (1 + Math.exp(-logits[t][e]));
        }
      }
      case GatingSpec.TopologyTop2 rule -> d.topology(rule);
      case GatingSpec.HashTable _, GatingSpec.SoftMixture _ ->
          throw new IllegalArgumentException("reads no logits: " + spec);
    }
    return d;
  }

  private void drop(int t, int e) {
    dropped[t][e] = weight[t][e];
    weight[t][e] = Double.NaN;
  }

  double[][] softmax() {
    double[][] p = new double[tokens][experts];
    for (int t = 0; t < tokens; t++) {
      double sum = 0;
      for (int e = 0; e < experts; e++) {
        sum += Math.exp(s[t][e]);
      }
      for (int e = 0; e < experts; e++) {
        p[t][e] = Math.exp(s[t][e]) / sum;
      }
    }
    return p;
  }

  static int best(double[] x) {
    int best = 0;
    for (int i = 1; i < x.length; i++) {
      best = x[i] > x[best] ? i : best;
    }
    return best;
  }

  /** How many elements go before element i: larger ones, and equal ones of lower index. */
  static int rank(double[] x, int i) {
    int rank = 0;
    for (int j = 0; j < x.length; j++) {
      rank += x[j] > x[i] || (x[j] == x[i] && j < i) ? 1 : 0;
    }
    return rank;
  }

  private void take(double[][] choice, double[][] value, int k, double norm, double scale) {
    for (int t = 0; t < tokens; t++) {
      double sum = 0;
      for (int e = 0; e < experts; e++) {
        sum += rank(choice[t], e) < k ? Math.pow(value[t][e], norm) : 0;
      }
      double divisor = norm == 0 ? 1 : Math.pow(sum, 1 / norm);
      for (int e = 0; e < experts; e++) {
        if (rank(choice[t], e) < k) {
          weight[t][e] = value[t][e] / divisor * scale;
        }
      }
    }
  }

  private double[][] limited(double[][] x, int groups, int kept, int summands) {
    int size = experts / groups;
    double[][] y = new double[tokens][];
    for (int t = 0; t < tokens; t++) {
      y[t] = x[t].clone();
      double[] score = new double[groups];
      for (int g = 0; g < groups; g++) {
        double[] group = Arrays.copyOfRange(x[t], g * size, (g + 1) * size);
        Arrays.sort(group);
        for (int i = 0; i < summands && groups > 1; i++) {
          score[g] += group[size - 1 - i];
        }
      }
      for (int e = 0; e < experts; e++) {
        if (rank(score, e / size) >= kept) {
          y[t][e] = Double.NEGATIVE_INFINITY;
        }
      }
    }
    return y;
  }

  private void sigmoid(GatingSpec.SigmoidTopK rule, double[] bias) {
    double[][] score = new double[tokens][experts];
    double[][] biased = new double[tokens][experts];
    for (int t = 0; t < tokens; t++) {
      for (int e = 0; e < experts; e++) {
        score[t][e] = 1 / (1 + Math.exp(-s[t][e]));
        biased[t][e] = score[t][e] + (bias.length == 0 ? 0 : bias[e]);
      }
    }
    take(
        limited(biased, rule.groups(), rule.keptGroups(), 2),
        score,
        rule.k(),
        rule.normalized() ? 1 : 0,
        rule.scale());
  }

  private void sparseMixer(double jitter) {
    for (int t = 0; t < tokens; t++) {
      int first = best(s[t]);
      double[] others = s[t].clone();
      others[first] = Double.NEGATIVE_INFINITY;
      int second = best(others);
      for (int pick : new int[] {first, second}) {
        double sum = 0;
        for (int j = 0; j < experts; j++) {
          double m = s[t][pick];
          boolean far = (m - s[t][j]) / Math.max(Math.abs(s[t][j]), m) > 2 * jitter;
          boolean open = pick == first || j != first;
          sum += open && !far ? Math.exp(s[t][j]) : 0;
        }
        weight[t][pick] = Math.exp(s[t][pick]) / sum;
      }
    }
  }

  private void topKSoftmax(int k) {
    double[][] e = new double[tokens][experts];
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < experts; i++) {
        e[t][i] = Math.exp(s[t][i]);
      }
    }
    take(s, e, k, 1, 1);
  }

  private void gshard(GatingSpec.GShardTop2 rule) {
    double[][] p = softmax();
    int capacity = rule.capacity().of(tokens, experts);
    int[] seated = new int[experts];
    for (int slot = 0; slot < 2; slot++) {
      for (int t = 0; t < tokens; t++) {
        double[] rest = p[t].clone();
        int e1 = best(rest);
        rest[e1] = -1;
        int e2 = best(rest);
        double g2 = p[t][e2] / (p[t][e1] + p[t][e2]);
        int e = slot == 0 ? e1 : e2;
        boolean wanted =
            slot == 0
                || switch (rule.second()) {
                  case SecondChoice.All _ -> true;
                  case SecondChoice.None _ -> false;
                  case SecondChoice.Threshold(double threshold) -> g2 > threshold;
                  case SecondChoice.Random _ ->
                      throw new IllegalArgumentException("random choices have no definition");
                };
        if (wanted) {
          weight[t][e] = slot == 0 ? 1 - g2 : g2;
          if (seated[e]++ >= capacity) {
            drop(t, e);
          }
        }
      }
    }
  }

  private void nllb(GatingSpec.NllbTop2 rule) {
    double[][] p = softmax();
    int capacity = rule.capacity().of(tokens, experts);
    double[] priority = new double[tokens];
    for (int t = 0; t < tokens; t++) {
      priority[t] = rule.batchPrioritized() ? p[t][best(p[t])] : -t;
    }
    int[] seated = new int[experts];
    for (int slot = 0; slot < 2; slot++) {
      for (int place = 0; place < tokens; place++) {
        for (int t = 0; t < tokens; t++) {
          if (rank(priority, t) == place) {
            double[] rest = s[t].clone();
            int e1 = best(rest);
            rest[e1] = Double.NEGATIVE_INFINITY;
            int e2 = best(rest);
            int e = slot == 0 ? e1 : e2;
            weight[t][e] = p[t][e];
            if (rule.normalizeBeforeDropping()) {
              weight[t][e] /= p[t][e1] + p[t][e2];
            }
            if (seated[e]++ >= capacity) {
              drop(t, e);
            }
          }
        }
      }
    }
    for (int t = 0; t < tokens; t++) {
      double kept = 0;
      double lost = 0;
      for (int e = 0; e < experts; e++) {
        kept += Double.isNaN(weight[t][e]) ? 0 : weight[t][e];
        lost += Double.isNaN(dropped[t][e]) ? 0 : dropped[t][e];
      }
      for (int e = 0; e < experts; e++) {
        weight[t][e] *= rule.scale() / (rule.normalizeBeforeDropping() ? 1 : kept);
        dropped[t][e] *= rule.scale() / (rule.normalizeBeforeDropping() ? 1 : kept + lost);
      }
    }
  }

  private void expertChoice(GatingSpec.ExpertChoice rule) {
    double[][] p = softmax();
    int capacity = rule.capacity().of(tokens, experts);
    int[] choosers = new int[tokens];
    for (int e = 0; e < experts; e++) {
      double[] column = new double[tokens];
      double sum = 0;
      for (int t = 0; t < tokens; t++) {
        sum += Math.exp(s[t][e]);
      }
      for (int t = 0; t < tokens; t++) {
        column[t] =
            rule.scores() == GatingSpec.ExpertChoice.Scores.OVER_EXPERTS
                ? p[t][e]
                : Math.exp(s[t][e]) / sum;
      }
      for (int t = 0; t < tokens; t++) {
        if (rank(column, t) < capacity) {
          weight[t][e] = column[t];
          choosers[t]++;
        }
      }
    }
    if (rule.scores() == GatingSpec.ExpertChoice.Scores.OVER_TOKENS) {
      for (int t = 0; t < tokens; t++) {
        for (int e = 0; e < experts; e++) {
          weight[t][e] /= choosers[t];
        }
      }
    }
  }

  private void topology(GatingSpec.TopologyTop2 rule) {
    int from = rule.node() * rule.expertsPerNode();
    int to = from + rule.expertsPerNode();
    double[] leaving = new double[tokens];
    int count = 0;
    for (int t = 0; t < tokens; t++) {
      int e = best(s[t]);
      boolean away = e < from || e >= to;
      leaving[t] = away ? s[t][e] : Double.NEGATIVE_INFINITY;
      count += away ? 1 : 0;
    }
    int limit = (int) (tokens * rule.outgoingFraction());
    for (int t = 0; t < tokens; t++) {
      double[] open = s[t].clone();
      int second = -1;
      if (count >= limit) {
        for (int e = 0; e < experts; e++) {
          open[e] = e < from || e >= to ? Double.NEGATIVE_INFINITY : open[e];
        }
        if (rank(leaving, t) < limit) {
          second = best(s[t]);
        }
      }
      int first = best(open);
      open[first] = Double.NEGATIVE_INFINITY;
      second = second < 0 ? best(open) : second;
      double a = Math.exp(s[t][first]);
      double b = Math.exp(s[t][second]);
      weight[t][first] = a / (a + b);
      weight[t][second] = b / (a + b);
    }
  }
}
