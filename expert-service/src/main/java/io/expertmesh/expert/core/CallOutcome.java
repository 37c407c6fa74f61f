package io.expertmesh.expert.core;

/** How a call ended. */
public enum CallOutcome {
  /** Every pair was computed; the results are complete. */
  COMPLETED,
  /** The queue had no room for it. Nothing was computed. */
  OVERLOADED,
  /** Its deadline passed while pairs of it still waited. */
  DEADLINE_EXCEEDED,
  /** It came after the drain had begun. Nothing was computed. */
  DRAINING,
  /** The computation of one of its pairs failed. */
  FAILED,
  /** Its caller left. */
  CANCELLED
}
