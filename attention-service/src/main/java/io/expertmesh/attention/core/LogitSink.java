package io.expertmesh.attention.core;

/** Takes logits as they come out of a step. */
@FunctionalInterface
public interface LogitSink {
  /**
   * Takes some rows; the arrays are reused after the call.
   *
   * @param rows rows in this block
   * @param chunks index of each row's chunk in the plan
   * @param positions position of each row in its sequence
   * @param logits {@code rows × vocab}
   */
  void accept(int rows, int[] chunks, int[] positions, float[] logits);
}
