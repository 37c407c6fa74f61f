package io.expertmesh.attention.core;

/** A routed block that is being computed elsewhere. */
@FunctionalInterface
public interface RoutedCall {
  /**
   * Waits for the rows. Called once, by the thread that submitted.
   *
   * @throws io.expertmesh.protocol.core.MeshException SERVICE_UNAVAILABLE if no router answered
   *     until the batch's deadline; DEADLINE_EXCEEDED if the work was not started for that reason
   */
  RoutedRows await();
}
