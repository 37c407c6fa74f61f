package io.expertmesh.router.transport;

import io.expertmesh.router.core.ExpertReply;
import io.expertmesh.router.core.Replica;

/** What a connection to a replica tells. All on the event loop. */
interface ConnectionEvents {
  /** The stream is up. */
  void connected(Replica replica);

  /** A reply arrived. */
  void replied(Replica replica, long id, ExpertReply reply);

  /** The stream has ended, or never came up; told once, and nothing after it. */
  void disconnected(Replica replica, String reason);
}
