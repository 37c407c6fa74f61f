package io.expertmesh.router.core;

import io.expertmesh.protocol.core.ErrorCode;

/**
 * The caller of routed layers; one per stream. Each call ends in exactly one of the two methods,
 * unless it is cancelled. Both may call the dispatcher.
 */
public interface RouteSink {
  /**
   * The call ended with rows.
   *
   * @param result valid only until this method returns
   */
  void complete(RouteRequest request, RouteResult result);

  /** The call ended without rows. */
  void fail(RouteRequest request, ErrorCode code, String message);
}
