package io.expertmesh.tests.simulation;

import java.util.Arrays;

/**
 * What a prompt must come to: the direct computation of one request, position by position, without
 * any part of the mesh. Shares only the model's own numbers and the softmax with it.
 */
final class Expected {
  private final ToyModel model;
  private final float[][] gates;
  private final long[][] before;
  private final long[][] after;
  private int[] ids;
  private int length;
  private int computed;
  private boolean stopped;

  /**
   * Computes a prompt and what follows it.
   *
   * @param maxTokens tokens to generate
   * @param ignoreEos whether the end-of-sequence id is a token like others
   */
  Expected(ToyModel model, int[] prompt, int maxTokens, boolean ignoreEos) {
    this.model = model;
    this.gates = new float[model.layers()][];
    Arrays.setAll(gates, model::gate);
    int most = prompt.length + maxTokens;
    before = new long[model.layers()][most];
    after = new long[model.layers()][most];
    ids = Arrays.copyOf(prompt, most);
    length = prompt.length;
    while (computed < length) {
      compute(computed++);
      if (computed == length && length < most && !stopped) {
        int id = argmax(logits(length - 1));
        ids[length++] = id;
        stopped = !ignoreEos && id == ToyModel.EOS;
      }
    }
    ids = Arrays.copyOf(ids, length);
  }

  /** Prompt and generated ids. */
  int[] ids() {
    return ids;
  }

  /** True if the last generated id ended it. */
  boolean stopped() {
    return stopped;
  }

  /** State of a position on its way to the experts of a layer. */
  long beforeExperts(int layer, int position) {
    return before[layer][position];
  }

  /** State of a position after the experts of a layer. */
  long afterExperts(int layer, int position) {
    return after[layer][position];
  }

  /** Logits of a position. */
  float[] logits(int position) {
    float[] logits = new float[ToyModel.VOCAB];
    ToyModel.logits(after[model.layers() - 1][position], logits, 0);
    return logits;
  }

  /** Log-probability of the id after a position. */
  double logprob(int position) {
    float[] logits = logits(position);
    double sum = ToyModel.KERNELS.logSumExp(logits, 0, logits.length);
    return (float) (logits[ids[position + 1]] - sum);
  }

  private void compute(int position) {
    long state = model.embed(ids[position]);
    for (int layer = 0; layer < model.layers(); layer++) {
      long sum = 0;
      for (int p = 0; p <= position; p++) {
        long input = p == position ? state : inputOf(layer, p);
        sum = ToyModel.attend(sum, model.key(layer, input));
      }
      state = ToyModel.afterAttention(state, sum);
      before[layer][position] = state;
      state = ToyModel.afterExperts(state, combined(layer, state), 0);
      after[layer][position] = state;
    }
  }

  private long inputOf(int layer, int position) {
    return layer == 0 ? model.embed(ids[position]) : after[layer - 1][position];
  }

  private float[] combined(int layer, long state) {
    float[] row = new float[ToyModel.WIDTH];
    ToyModel.spell(state, row, 0);
    float[] weights = weights(layer, row);
    float[] sum = new float[ToyModel.WIDTH];
    float[] one = new float[ToyModel.WIDTH];
    for (int expert = 0; expert < model.experts(); expert++) {
      if (weights[expert] >= 0) {
        model.expert(layer, expert, state, one, 0);
        for (int i = 0; i < one.length; i++) {
          sum[i] = Math.fma(weights[expert], one[i], sum[i]);
        }
      }
    }
    return sum;
  }

  /** Weight per expert; -1 where it is not chosen. */
  private float[] weights(int layer, float[] row) {
    float[] p = new float[model.experts()];
    for (int expert = 0; expert < p.length; expert++) {
      for (int i = 0; i < row.length; i++) {
        p[expert] += gates[layer][expert * row.length + i] * row[i];
      }
    }
    ToyModel.KERNELS.softmax(p, 0, p.length);
    float[] weights = new float[p.length];
    Arrays.fill(weights, -1);
    float total = 0;
    for (int k = 0; k < model.topK(); k++) {
      int best = -1;
      for (int expert = 0; expert < p.length; expert++) {
        if (weights[expert] < 0 && (best < 0 || p[expert] > p[best])) {
          best = expert;
        }
      }
      weights[best] = p[best];
      total += p[best];
    }
    for (int expert = 0; expert < p.length; expert++) {
      weights[expert] = weights[expert] < 0 ? -1 : weights[expert] / total;
    }
    return weights;
  }

  private static int argmax(float[] x) {
    int best = 0;
    for (int i = 1; i < x.length; i++) {
      best = x[i] > x[best] ? i : best;
    }
    return best;
  }
}
