package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.PlacementRequest;
import java.util.List;
import java.util.Optional;

/** Of a mesh whose placement stays as it is. */
final class NoPlacements implements Placements {
  @Override
  public Optional<PlacementRequest> take() {
    return Optional.empty();
  }

  @Override
  public MeshPlan plan(MeshPlan present, PlacementRequest request) {
    throw new LauncherException("The placement of this mesh stays as it is.");
  }

  @Override
  public void requireRoom(PlacementRequest request, List<String> starting) {
    // nothing is ever started
  }

  @Override
  public boolean registered(MeshPlan plan, List<InstancePlan> replicas) {
    return false;
  }

  @Override
  public void placed(MeshPlan plan) {
    // it never is
  }
}
