package io.expertmesh.attention.core;

/** Where the events of one request go. Called by the engine's thread; must not block. */
public interface TokenSink {
  /**
   * Takes an event.
   *
   * @return false if there is no room: the request is then cancelled. An {@link TokenEvent.End} is
   *     always taken
   */
  boolean accept(TokenEvent event);

  /** True while the reader is behind so far that prompt scores should wait. */
  boolean congested();
}
