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

  /**
   * Some positions of the request are about to be computed; the first time it was admitted.
   *
   * @param positions of the prompt, or generated, in this step
   */
  default void step(int positions) {}

  /** True while the reader is behind so far that prompt scores should wait. */
  boolean congested();
}
