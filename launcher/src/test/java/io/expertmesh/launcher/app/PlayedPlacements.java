package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.PlacementRequest;
import io.expertmesh.launcher.core.ServiceKind;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Asks the test instead of routers. */
final class PlayedPlacements implements Placements {
  final BlockingQueue<PlacementRequest> requests = new LinkedBlockingQueue<>();
  final BlockingQueue<List<String>> asked = new LinkedBlockingQueue<>();
  final Queue<List<String>> placed = new ConcurrentLinkedQueue<>();
  volatile boolean routersKnowAll = true;
  volatile int room = 9;

  @Override
  public Optional<PlacementRequest> take() {
    return Optional.ofNullable(requests.poll());
  }

  @Override
  public MeshPlan plan(MeshPlan present, PlacementRequest request) {
    return present.with(
        ServiceKind.EXPERT,
        request.shards().stream()
            .map(
                s ->
                    new InstancePlan(
                        ServiceKind.EXPERT,
                        s.name(),
                        s.name(),
                        1,
                        List.of("--expertmesh.expert.experts=" + s.value())))
            .toList());
  }

  @Override
  public void requireRoom(PlacementRequest request, List<String> starting) {
    if (starting.size() > room) {
      throw new LauncherException("no room for " + starting);
    }
  }

  @Override
  public boolean registered(MeshPlan plan, List<InstancePlan> replicas) {
    asked.add(replicas.stream().map(InstancePlan::name).toList());
    return routersKnowAll;
  }

  @Override
  public void placed(MeshPlan plan) {
    placed.add(plan.shards());
  }
}
