package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshPlanner;
import io.expertmesh.launcher.core.PlacementRequest;
import io.expertmesh.launcher.core.Quantities;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.transport.Introspection;
import io.expertmesh.launcher.transport.PlanFollower;
import io.expertmesh.render.core.Shard;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** Placements of a mesh on this machine: requests come through its run folder. */
final class LocalPlacements implements Placements {
  /** What a process takes beside its weights. */
  private static final long PROCESS_BYTES = 128L << 20;

  private final PlacementMailbox mailbox;
  private final MeshPlanner planner;
  private final Introspection routers;
  private final PlanFollower autoscaler;
  private final LongSupplier freeBytes;

  /**
   * @param planner that planned the mesh
   * @param routers with which they are asked
   * @param freeBytes memory of this machine that nobody uses
   */
  LocalPlacements(
      PlacementMailbox mailbox,
      MeshPlanner planner,
      Introspection routers,
      PlanFollower autoscaler,
      LongSupplier freeBytes) {
    this.mailbox = Objects.requireNonNull(mailbox, "mailbox");
    this.planner = Objects.requireNonNull(planner, "planner");
    this.routers = Objects.requireNonNull(routers, "routers");
    this.autoscaler = Objects.requireNonNull(autoscaler, "autoscaler");
    this.freeBytes = Objects.requireNonNull(freeBytes, "freeBytes");
  }

  @Override
  public Optional<PlacementRequest> take() {
    return mailbox.take();
  }

  @Override
  public MeshPlan plan(MeshPlan present, PlacementRequest request) {
    return planner.placed(present, request);
  }

  @Override
  public void requireRoom(PlacementRequest request, List<String> starting) {
    Map<String, Long> bytes =
        request.shards().stream().collect(Collectors.toMap(Shard::name, Shard::bytes));
    long needed =
        starting.stream().mapToLong(shard -> bytes.getOrDefault(shard, 0L) + PROCESS_BYTES).sum();
    long free = freeBytes.getAsLong();
    if (needed > free) {
      throw new LauncherException(
          "--placement starts "
              + starting.size()
              + " expert-services beside those that run, which takes "
              + Quantities.bytes(needed)
              + "; this machine has "
              + Quantities.bytes(free)
              + " free.");
    }
  }

  @Override
  public boolean registered(MeshPlan plan, List<InstancePlan> replicas) {
    List<String> addresses =
        replicas.stream().map(replica -> "127.0.0.1:" + replica.grpcPort()).toList();
    return plan.of(ServiceKind.ROUTER).stream()
        .allMatch(router -> routers.liveReplicas(router.grpcPort()).containsAll(addresses));
  }

  @Override
  public void placed(MeshPlan plan) {
    autoscaler.follow(plan.shards());
  }
}
