package io.expertmesh.gateway.core.generation;

/** A generation under way. */
@FunctionalInterface
public interface GenerationCall {
  /**
   * Stops it at once; its listener hears nothing more. May be called from any thread, repeatedly.
   */
  void cancel();
}
