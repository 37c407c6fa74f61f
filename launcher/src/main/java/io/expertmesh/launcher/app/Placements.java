package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.PlacementRequest;
import java.util.List;
import java.util.Optional;

/** What a supervisor needs to change the placement of a mesh that runs. */
interface Placements {
  /** The request that waits, if any; it is handed out once. */
  Optional<PlacementRequest> take();

  /**
   * The plan that a request leads to, of which no process is started.
   *
   * @throws io.expertmesh.launcher.core.LauncherException if it is refused
   */
  MeshPlan plan(MeshPlan present, PlacementRequest request);

  /**
   * Refuses what this machine has no room for.
   *
   * @param starting the processes that would be started, by shard
   * @throws io.expertmesh.launcher.core.LauncherException naming what is needed and what there is
   */
  void requireRoom(PlacementRequest request, List<String> starting);

  /** True if every router sends rows to all of these replicas. */
  boolean registered(MeshPlan plan, List<InstancePlan> replicas);

  /** A new placement is in force. */
  void placed(MeshPlan plan);
}
