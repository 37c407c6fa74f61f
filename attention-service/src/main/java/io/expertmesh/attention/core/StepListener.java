package io.expertmesh.attention.core;

/** Hears about every step, on the engine's thread. */
@FunctionalInterface
public interface StepListener {
  /**
   * A step ended.
   *
   * @param rows positions in it
   * @param nanos how long it took
   */
  void step(int rows, long nanos);
}
