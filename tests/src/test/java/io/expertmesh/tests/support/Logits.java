package io.expertmesh.tests.support;

import java.util.ArrayList;
import java.util.List;

/** Expected logits of a reference, as log-probabilities. */
public final class Logits {
  private Logits() {}

  /** Log-softmax of one row of {@code logits}, in double precision. */
  public static double[] logSoftmax(float[] logits, int offset, int n) {
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      row[i] = logits[offset + i];
    }
    return logSoftmax(row);
  }

  /** Log-softmax of a row. */
  public static double[] logSoftmax(double[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - max);
    }
    double logSum = max + Math.log(sum);
    double[] result = new double[logits.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = logits[i] - logSum;
    }
    return result;
  }

  /** Largest absolute difference between a scored row and the log-softmax of reference logits. */
  public static double maxDifference(float[] scored, float[] logits, int offset) {
    double[] expected = logSoftmax(logits, offset, scored.length);
    double worst = 0;
    for (int i = 0; i < scored.length; i++) {
      worst = Math.max(worst, Math.abs(scored[i] - expected[i]));
    }
    return worst;
  }

  /** Ids of a row of a stored integer tensor. */
  public static List<Integer> ids(long[] tensor, int from, int count) {
    List<Integer> ids = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      ids.add(Math.toIntExact(tensor[from + i]));
    }
    return ids;
  }
}
