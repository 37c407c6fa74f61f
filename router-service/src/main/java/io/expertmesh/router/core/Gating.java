package io.expertmesh.router.core;

/** Computes the assignments of a call's rows. */
@FunctionalInterface
public interface Gating {
  /**
   * Replaces the content of {@code out} by the assignments of all rows of a call.
   *
   * @param request a call whose layer is routed
   */
  void assign(RouteRequest request, Assignments out);
}
