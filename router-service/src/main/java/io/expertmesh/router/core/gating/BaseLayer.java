package io.expertmesh.router.core.gating;

import io.expertmesh.model.kernel.Kernels;

/**
 * The expert with the largest logit, weighted by σ of the logit; no balancing at inference.
 *
 * <p>Source: Lewis et al., BASE Layers, 2021.
 */
public final class BaseLayer extends RowPolicy {
  /** Takes one of {@code experts}. */
  public BaseLayer(int experts, Kernels kernels) {
    super(1, experts, kernels);
  }

  @Override
  void choose(float[] s, int offset) {
    kernels.topK(s, offset, experts, 1, chosen, 0);
    kernels.sigmoid(s, offset + chosen[0], 1);
    weights[chosen[0]] = s[offset + chosen[0]];
  }
}
