package io.expertmesh.protocol.core;

/** Where a process stands between its start and its end. */
public enum ServiceState {
  /** The process runs, nothing is known yet. */
  STARTING,
  /** Files are opened and checked. */
  LOADING,
  /** Weights are brought into the layout of the kernels. */
  PACKING,
  /** Computes a probe before it serves. */
  SELF_TEST,
  /** Itself complete, waits for others. */
  WAITING,
  /** Serves. */
  READY,
  /** Takes nothing new, finishes what it took. */
  DRAINING,
  /** Cannot serve; the detail says why. */
  FAILED
}
