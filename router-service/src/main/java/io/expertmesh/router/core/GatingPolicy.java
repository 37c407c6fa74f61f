package io.expertmesh.router.core;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * How the gate's logits become assignments. A policy owns scratch memory, so it belongs to one
 * thread. Every policy states its source.
 */
public sealed interface GatingPolicy permits RenormalizedTopK {
  /**
   * Appends the assignments of rows to {@code out}. A row with a logit that is not finite gets none
   * and is flagged.
   *
   * @param logits rows × experts, fp32; overwritten
   * @param rows number of rows
   */
  void assign(float[] logits, int rows, Assignments out);

  /**
   * The policy that a model asks for.
   *
   * @param experts experts of the layer
   * @throws IllegalArgumentException if the policy cannot work with so many experts
   */
  static GatingPolicy of(GatingSpec spec, int experts, Kernels kernels) {
    return switch (spec) {
      case GatingSpec.RenormalizedTopK topK -> new RenormalizedTopK(topK.k(), experts, kernels);
    };
  }
}
