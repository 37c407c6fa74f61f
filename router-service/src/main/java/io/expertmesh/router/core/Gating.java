package io.expertmesh.router.core;

import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.UndecidableException;

/** Computes the assignments of a call's rows. */
@FunctionalInterface
public interface Gating {
  /**
   * Replaces the content of {@code out} by the assignments of all rows of a call.
   *
   * @param request a call whose layer is routed
   * @throws UndecidableException if the rows are not those that the policy needs
   */
  void assign(RouteRequest request, Assignments out);

  /** What operators should know of how these gates assign, in one sentence; empty if nothing. */
  default String remark() {
    return "";
  }
}
