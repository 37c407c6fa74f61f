package io.expertmesh.attention.core;

import java.util.OptionalInt;

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

  /**
   * Most positions of one sequence that can be computed together where a prompt must not be taken
   * apart, because its positions depend on each other; empty if it may be.
   */
  default OptionalInt wholeRows() {
    return OptionalInt.empty();
  }
}
