package io.expertmesh.attention.core;

/** Where a request stands in the scheduler. */
public enum SequenceState {
  /** Holds no pages; waits for admission, or for readmission after it was preempted. */
  WAITING,
  /** Holds pages and takes part in steps. */
  RUNNING,
  /** Holds pages; an expert or the router is away, and it is tried again after a while. */
  PARKED,
  /** Ended; holds nothing. */
  FINISHED
}
