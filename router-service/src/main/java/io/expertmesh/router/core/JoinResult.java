package io.expertmesh.router.core;

import java.util.Optional;

/** Answer to a replica that asks for a lease. */
public sealed interface JoinResult {
  /**
   * The replica is in the registry, and gets calls once it is {@linkplain Dispatcher#replicaJoined
   * connected}.
   *
   * @param replaced an older lease of the same replica id, which the new one ends
   */
  record Accepted(Replica replica, Optional<Replica> replaced) implements JoinResult {}

  /** The replica may not serve this model here; the reason is a sentence. */
  record Rejected(String reason) implements JoinResult {}
}
