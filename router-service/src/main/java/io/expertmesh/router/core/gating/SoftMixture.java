package io.expertmesh.router.core.gating;

import io.expertmesh.model.kernel.Kernels;

/**
 * The two mixtures of Soft MoE for one group of tokens: every slot of an expert reads a mean of all
 * tokens, weighted by a softmax over tokens (dispatch); every token receives a mean of the results
 * of all slots, weighted by a softmax over slots (combine). It is not causal, and no token goes to
 * an expert as it is, so that it is no {@link GatingPolicy}.
 *
 * <p>Source: Puigcerver et al., From Sparse to Soft Mixtures of Experts, 2023. Logits are {@code
 * scale · l2norm(x) · l2norm(μ)} with 1e-6 as the least norm; see {@link #normalize}.
 */
public final class SoftMixture {
  private static final float LEAST_NORM = 1e-6f;

  private final int slots;
  private final Kernels kernels;
  private float[] dispatch = new float[0];
  private float[] combine = new float[0];
  private float[] column = new float[0];

  /**
   * Mixtures for one layer.
   *
   * @param slots of all experts together; expert e has consecutive ones
   */
  public SoftMixture(int slots, Kernels kernels) {
    if (slots < 1) {
      throw new IllegalArgumentException("slots is " + slots + ", must be at least 1");
    }
    this.slots = slots;
    this.kernels = kernels;
  }

  /** Divides n values by their Euclidean norm, in place: a token, or the parameters of a slot. */
  public static void normalize(float[] x, int offset, int n) {
    double squares = 0;
    for (int i = offset; i < offset + n; i++) {
      squares += (double) x[i] * x[i];
    }
    float norm = Math.max((float) Math.sqrt(squares), LEAST_NORM);
    for (int i = offset; i < offset + n; i++) {
      x[i] /= norm;
    }
  }

  /**
   * Computes both mixtures.
   *
   * @param logits tokens × slots, all finite
   */
  public void mix(float[] logits, int tokens) {
    if (dispatch.length < tokens * slots) {
      dispatch = new float[tokens * slots];
      combine = new float[tokens * slots];
      column = new float[tokens];
    }
    for (int slot = 0; slot < slots && tokens > 0; slot++) {
      for (int token = 0; token < tokens; token++) {
        column[token] = logits[token * slots + slot];
      }
      kernels.softmax(column, 0, tokens);
      for (int token = 0; token < tokens; token++) {
        dispatch[token * slots + slot] = column[token];
      }
    }
    System.arraycopy(logits, 0, combine, 0, tokens * slots);
    for (int token = 0; token < tokens; token++) {
      kernels.softmax(combine, token * slots, slots);
    }
  }

  /** tokens × slots: share of each token in a slot; a column adds up to 1. Do not change. */
  public float[] dispatch() {
    return dispatch;
  }

  /** tokens × slots: share of each slot in a token; a row adds up to 1. Do not change. */
  public float[] combine() {
    return combine;
  }
}
