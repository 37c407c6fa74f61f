package io.expertmesh.router.core;

/** The life of a lease. Only LIVE replicas get new calls. */
public enum ReplicaState {
  /** Accepted; the stream to it is not up yet. */
  CONNECTING,
  /** Gets calls. */
  LIVE,
  /** Announced that it leaves: finishes what it has. */
  DRAINING,
  /** Answered wrongly: gets nothing more, its answers are dropped. */
  EJECTED,
  /** The lease, or the connection, has ended. */
  LOST
}
