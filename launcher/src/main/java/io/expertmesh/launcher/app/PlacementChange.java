package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.PlacementRequest;
import io.expertmesh.launcher.core.Rollout;
import io.expertmesh.launcher.core.Rollout.Stage;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.ServiceReport;
import io.expertmesh.render.core.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * One change of the placement of a running mesh. What is new is started beside what runs; when
 * every router sends rows to all of it, what is no longer wanted finishes what it has and ends. So
 * every expert has a replica at every moment. If anything new does not come up, all of it leaves
 * again, and the old placement was never touched. For one thread.
 */
final class PlacementChange {
  private static final int MOST_WORDS = 200;

  private final PlacementRequest request;
  private final Placements placements;
  private final Fleet fleet;
  private final MeshPlan next;
  private final List<ServiceSlot> kept = new ArrayList<>();
  private final List<ServiceSlot> added = new ArrayList<>();
  private final List<ServiceSlot> obsolete = new ArrayList<>();
  private final long deadlineNanos;
  private Rollout rollout;

  /**
   * Starts what is new.
   *
   * @throws LauncherException if the request is refused; nothing was started then
   */
  PlacementChange(PlacementRequest request, Placements placements, Fleet fleet) {
    this.request = request;
    this.placements = placements;
    this.fleet = fleet;
    next = placements.plan(fleet.plan(), request);
    deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(request.patienceSeconds());
    obsolete.addAll(fleet.experts());
    List<String> starting = new ArrayList<>();
    for (Shard shard : request.shards()) {
      List<ServiceSlot> same =
          obsolete.stream().filter(slot -> slot.plan().hostsAs(template(shard.name()))).toList();
      kept.addAll(same.subList(0, Math.min(same.size(), shard.max())));
      for (int i = same.size(); i < PlacementRequest.replicas(shard); i++) {
        starting.add(shard.name());
      }
    }
    obsolete.removeAll(kept);
    placements.requireRoom(request, starting);
    start(starting);
    rollout =
        at(
            Stage.STARTING,
            "Starting %d expert-services; %d stay as they are, %d leave afterwards."
                .formatted(added.size(), kept.size(), obsolete.size()));
  }

  private void start(List<String> shards) {
    try {
      for (String shard : shards) {
        String name = fleet.taken(shard) ? fleet.unusedName(shard) : shard;
        added.add(fleet.add(template(shard), name, "the placement asks for it"));
      }
    } catch (LauncherException e) {
      giveUp();
      throw e;
    }
  }

  /** Any instance of a shard in the new plan. */
  private InstancePlan template(String shard) {
    return next.of(ServiceKind.EXPERT).stream()
        .filter(instance -> instance.shard().equals(shard))
        .findFirst()
        .orElseThrow();
  }

  /** How far it is. */
  Rollout rollout() {
    return rollout;
  }

  /**
   * Goes on as far as possible without waiting.
   *
   * @param endOf says how a process ended
   */
  void step(Function<ServiceSlot, String> endOf) {
    switch (rollout.stage()) {
      case STARTING -> awaitStart(endOf);
      case DRAINING -> awaitEnd();
      case DONE, FAILED -> {
        // nothing more happens
      }
    }
  }

  private void awaitStart(Function<ServiceSlot, String> endOf) {
    for (ServiceSlot slot : added) {
      if (!slot.child().isAlive()) {
        fail(endOf.apply(slot));
        return;
      }
      if (slot.report().state().equals(ServiceReport.FAILED)) {
        fail(slot.plan().name() + " failed to start: " + slot.report().detail());
        return;
      }
    }
    List<ServiceSlot> wanted = new ArrayList<>(kept);
    wanted.addAll(added);
    Optional<ServiceSlot> late = wanted.stream().filter(slot -> !slot.ready()).findFirst();
    if (late.isEmpty()
        && placements.registered(next, wanted.stream().map(ServiceSlot::plan).toList())) {
      takeOver();
    } else if (System.nanoTime() - deadlineNanos >= 0) {
      fail(
          late.map(slot -> slot.plan().name() + " is " + slot.report().words(MOST_WORDS))
                  .orElse("a router does not send rows to every replica")
              + " after "
              + request.patienceSeconds()
              + " s");
    }
  }

  private void takeOver() {
    fleet.plan(next);
    obsolete.forEach(slot -> fleet.leave(slot, "the placement has no use for it"));
    placements.placed(next);
    rollout = at(Stage.DRAINING, "All serve; " + obsolete.size() + " finish what they have.");
  }

  private void awaitEnd() {
    if (obsolete.stream().noneMatch(slot -> slot.child().isAlive())) {
      rollout =
          at(
              Stage.DONE,
              "%d shards on %d expert-services: %d started, %d stopped, %d stayed."
                  .formatted(
                      request.shards().size(),
                      kept.size() + added.size(),
                      added.size(),
                      obsolete.size(),
                      kept.size()));
    }
  }

  private void fail(String reason) {
    giveUp();
    String sentence = reason.endsWith(".") ? reason : reason + ".";
    rollout = at(Stage.FAILED, sentence + " The placement stays as it was.");
  }

  private void giveUp() {
    added.forEach(slot -> fleet.leave(slot, "the placement is given up"));
  }

  private Rollout at(Stage stage, String message) {
    return new Rollout(request.id(), stage, message);
  }
}
