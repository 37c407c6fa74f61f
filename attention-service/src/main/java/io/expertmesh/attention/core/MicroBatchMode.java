package io.expertmesh.attention.core;

/** How many parts of a step are in flight at a time. */
public enum MicroBatchMode {
  /** Two when each half is still large enough to be bound by computing, else one. */
  AUTO,
  ONE,
  TWO
}
