package io.expertmesh.attention.core;

/** Computes steps. The forward pass is one; simulations bring others. */
public interface StepModel {
  /**
   * Computes a step.
   *
   * @param plan what to compute, not empty
   * @param result receives, per chunk, why it could not be computed
   * @param sink receives the logits that chunks ask for, each (chunk, position) once, the positions
   *     of a chunk in order; logits of a chunk that failed may be missing
   */
  void run(StepPlan plan, StepResult result, LogitSink sink);
}
