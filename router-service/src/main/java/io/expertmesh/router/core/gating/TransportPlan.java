package io.expertmesh.router.core.gating;

import java.util.Arrays;

/**
 * A fractional assignment of tokens to experts: the matrix {@code A} that maximises {@code ⟨S, A⟩ +
 * λ·H(A)} with {@code H(A) = -Σ A·ln A}, where every expert has {@code Σ_t A[e,t] = k}, every token
 * {@code Σ_e A[e,t] ≤ b}, and {@code 0 ≤ A ≤ 1}. What it lacks to the best sum of scores is at most
 * {@code λ·H(A) ≤ λ·E·k·ln(n/k)}.
 *
 * <p>Source: Zhou et al., Mixture-of-Experts with Expert Choice Routing, 2022, where λ is 0.001.
 * The paper names Dykstra's alternating projections; here they are, as for optimal transport in
 * Benamou et al., Iterative Bregman projections, 2015: from {@code A = exp(S / λ)}, in turn onto
 * the sums of experts, the bounds of tokens and the bound 1, in the sense of Kullback and Leibler.
 * Everything is a logarithm, since {@code exp(1 / λ)} is beyond any type; the two bounds keep what
 * they last took away and give it back before they are applied again.
 */
final class TransportPlan {
  private static final double CONVERGED = 1e-6;

  private final double lambda;
  private final int iterations;
  private double[] log = new double[0];
  private double[] heldBox = new double[0];
  private double[] heldToken = new double[0];

  /**
   * Plans with a regularisation.
   *
   * @param lambda weight of the entropy, above 0
   * @param iterations most rounds of projections; fewer, once nothing moves
   */
  TransportPlan(double lambda, int iterations) {
    this.lambda = lambda;
    this.iterations = iterations;
  }

  /**
   * Computes the plan.
   *
   * @param scores experts × tokens
   * @param k tokens of each expert, at most {@code tokens}
   * @param b experts of each token; {@code experts · k ≤ tokens · b}
   * @return experts × tokens from 0, and then anything: ln A; do not change
   */
  double[] solve(float[] scores, int experts, int tokens, int k, int b) {
    int pairs = experts * tokens;
    if (log.length < pairs) {
      log = new double[pairs];
      heldBox = new double[pairs];
    }
    if (heldToken.length < tokens) {
      heldToken = new double[tokens];
    }
    for (int i = 0; i < pairs; i++) {
      log[i] = scores[i] / lambda;
      heldBox[i] = 0;
    }
    Arrays.fill(heldToken, 0, tokens, 0);
    double logK = StrictMath.log(k);
    double logB = StrictMath.log(b);
    for (int round = 0; round < iterations; round++) {
      double moved = 0;
      for (int e = 0; e < experts; e++) {
        moved = Math.max(moved, fill(e * tokens, tokens, logK));
      }
      for (int t = 0; t < tokens; t++) {
        moved = Math.max(moved, bound(t, tokens, pairs, logB));
      }
      for (int i = 0; i < pairs; i++) {
        double free = log[i] + heldBox[i];
        double bounded = Math.min(0, free);
        moved = Math.max(moved, StrictMath.exp(bounded) * Math.abs(bounded - log[i]));
        log[i] = bounded;
        heldBox[i] = free - bounded;
      }
      if (moved < CONVERGED) {
        break;
      }
    }
    return log;
  }

  /** Scales an expert's row to its sum; returns by what factor, as a logarithm. */
  private double fill(int from, int tokens, double logK) {
    double shift = logK - logSum(from, 1, from + tokens);
    for (int i = from; i < from + tokens; i++) {
      log[i] += shift;
    }
    return Math.abs(shift);
  }

  /** Scales a token's column down to its bound, after undoing the last time. */
  private double bound(int token, int tokens, int pairs, double logB) {
    double given = heldToken[token];
    double shift = Math.min(0, logB - (logSum(token, tokens, pairs) + given));
    for (int i = token; i < pairs; i += tokens) {
      log[i] += given + shift;
    }
    heldToken[token] = -shift;
    return Math.abs(given + shift);
  }

  private double logSum(int from, int step, int to) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = from; i < to; i += step) {
      max = Math.max(max, log[i]);
    }
    double sum = 0;
    for (int i = from; i < to; i += step) {
      sum += StrictMath.exp(log[i] - max);
    }
    return max + StrictMath.log(sum);
  }
}
