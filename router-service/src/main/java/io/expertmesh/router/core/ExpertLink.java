package io.expertmesh.router.core;

/**
 * The dispatcher's way to replicas. Its methods may call the dispatcher back at once, and must not
 * throw.
 */
public interface ExpertLink {
  /**
   * Sends a call to its replica. A link that cannot send now keeps the call and sends it later, if
   * {@link ExpertCall#id} is then still what it was: an id that changed means that the call has
   * ended, and its content is another's.
   */
  void send(ExpertCall call);

  /** The rows of a reply are not read any more; the array may be used again. */
  void release(float[] rows);

  /** The replica answered wrongly: it gets nothing more, and its lease should be told why. */
  void ejected(Replica replica, String reason);
}
