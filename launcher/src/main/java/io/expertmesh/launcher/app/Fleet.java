package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.ServiceKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntSupplier;

/**
 * The processes of a mesh, and the plan that says which there should be. Starts and ends processes;
 * when is decided elsewhere. For one thread.
 */
final class Fleet {
  /** Replicas that start at a time: starting keeps a processor busy. */
  static final int STARTS = Math.max(2, Runtime.getRuntime().availableProcessors());

  private static final Duration RESTOCK_PAUSE = Duration.ofSeconds(15);

  private final Function<InstancePlan, ChildProcess> starter;
  private final Runnable ended;
  private final SupervisorListener listener;
  private final Duration grace;
  private final IntSupplier freePort;
  private final List<ServiceSlot> slots = new ArrayList<>();
  private MeshPlan plan;
  private long addedNanos = System.nanoTime() - RESTOCK_PAUSE.toNanos();

  /**
   * @param starter starts the process of an instance
   * @param ended called on another thread when a process has ended
   * @param grace how long each kind of service may take to stop before it is killed
   * @param freePort yields an unused loopback port for a further replica
   */
  Fleet(
      MeshPlan plan,
      Function<InstancePlan, ChildProcess> starter,
      Runnable ended,
      SupervisorListener listener,
      Duration grace,
      IntSupplier freePort) {
    this.plan = Objects.requireNonNull(plan, "plan");
    this.starter = Objects.requireNonNull(starter, "starter");
    this.ended = Objects.requireNonNull(ended, "ended");
    this.listener = Objects.requireNonNull(listener, "listener");
    this.grace = Objects.requireNonNull(grace, "grace");
    this.freePort = Objects.requireNonNull(freePort, "freePort");
  }

  MeshPlan plan() {
    return plan;
  }

  /** Another plan is in force; no process is touched but those whose arguments changed in it. */
  void plan(MeshPlan next) {
    plan = next;
    for (ServiceSlot slot : slots) {
      next.instances().stream()
          .filter(instance -> instance.name().equals(slot.plan().name()))
          .filter(instance -> instance.kind() != ServiceKind.EXPERT)
          .filter(instance -> !instance.equals(slot.plan()))
          .findFirst()
          .ifPresent(changed -> slot.change(changed, System.nanoTime()));
    }
  }

  /** All processes, also those that are about to leave. */
  List<ServiceSlot> slots() {
    return slots;
  }

  /** Processes of expert-services that are not about to leave, the oldest first. */
  List<ServiceSlot> experts() {
    return slots.stream()
        .filter(slot -> slot.plan().kind() == ServiceKind.EXPERT && !slot.leaving())
        .toList();
  }

  /** Starts one process of the plan. */
  void start(InstancePlan instance) {
    slots.add(new ServiceSlot(instance, process(instance), System.nanoTime()));
  }

  /** Starts the process of a service again. */
  void startAgain(ServiceSlot slot) {
    slot.restarted(process(slot.plan()), System.nanoTime());
  }

  private ChildProcess process(InstancePlan instance) {
    ChildProcess child = starter.apply(instance);
    child.whenEnded(ended);
    return child;
  }

  /**
   * Adds a replica: a spare becomes it, or a process is started.
   *
   * @param like another of the same shard, which runs or does not
   * @param name that no process has
   */
  ServiceSlot add(InstancePlan like, String name, String why) {
    addedNanos = System.nanoTime();
    Optional<ServiceSlot> spare = spare();
    if (spare.isPresent()) {
      ServiceSlot slot = spare.get();
      listener.added(name, why + " (" + slot.plan().name() + ")");
      slot.assign(like.sibling(name, slot.plan().grpcPort()), System.nanoTime());
      // In the order in which they became replicas.
      slots.remove(slot);
      slots.add(slot);
    } else {
      start(like.sibling(name, freePort.getAsInt()));
      listener.added(name, why);
    }
    return slots.getLast();
  }

  private Optional<ServiceSlot> spare() {
    return slots.stream().filter(ServiceSlot::spare).findFirst();
  }

  /**
   * Starts a spare if the plan has one that is not there, while nothing else starts: when replicas
   * have just been added, requests need the processors more.
   */
  boolean restock() {
    long now = System.nanoTime();
    if (now - addedNanos < RESTOCK_PAUSE.toNanos()
        || slots.stream().anyMatch(slot -> slot.starting(now))) {
      return false;
    }
    Optional<InstancePlan> missing =
        plan.of(ServiceKind.SPARE).stream().filter(spare -> !taken(spare.name())).findFirst();
    // A spare that became a replica keeps its port.
    missing.ifPresent(spare -> start(spare.sibling(spare.name(), freePort.getAsInt())));
    return missing.isPresent();
  }

  /** The name of a shard's next replica. */
  String unusedName(String shard) {
    int number = 1;
    while (taken(shard + "-r" + number)) {
      number++;
    }
    return shard + "-r" + number;
  }

  /** True if a process has this name. */
  boolean taken(String name) {
    return slots.stream().anyMatch(slot -> slot.plan().name().equals(name));
  }

  /** Has a replica finish what it has and end. */
  void leave(ServiceSlot slot, String why) {
    slot.leave(System.nanoTime() + grace.toNanos());
    listener.removed(slot.plan().name(), why);
  }

  /** Forgets replicas that have left and kills those that take too long; true if any was. */
  boolean sweep() {
    for (ServiceSlot slot : slots) {
      if (slot.leaveOverdue(System.nanoTime())) {
        slot.child().kill();
      }
    }
    return slots.removeIf(slot -> slot.leaving() && !slot.child().isAlive());
  }

  /**
   * Brings shards of the plan closer to so many replicas. Those that are too many leave at once.
   * Spares take a shard at once; otherwise only a few start at a time, because all at once each
   * would be ready only when the last is. Replicas come first where the greatest part is missing.
   * True if there is another replica or one was told to leave.
   */
  boolean scale(Map<String, Integer> wanted) {
    boolean changed = false;
    for (InstancePlan first : plan.of(ServiceKind.EXPERT)) {
      Integer most = wanted.get(first.shard());
      changed |= most != null && dismiss(first.shard(), most);
    }
    long now = System.nanoTime();
    long room =
        STARTS
            - slots.stream()
                .filter(slot -> slot.plan().kind().computing() && slot.starting(now))
                .count();
    while (spare().isPresent() || room > 0) {
      Optional<InstancePlan> next = neediest(wanted);
      if (next.isEmpty()) {
        return changed;
      }
      room -= spare().isPresent() ? 0 : 1;
      add(next.get(), unusedName(next.get().shard()), "its shard needs more replicas");
      changed = true;
    }
    return changed;
  }

  /**
   * The newest leave first: their caches and their place in the choices of routers matter least.
   */
  private boolean dismiss(String shard, int most) {
    List<ServiceSlot> running = new ArrayList<>(replicas(shard));
    boolean any = running.size() > most;
    while (running.size() > most) {
      leave(running.removeLast(), "its shard needs fewer replicas");
    }
    return any;
  }

  /** Of the shards that lack replicas, the one that has the smallest part of them. */
  private Optional<InstancePlan> neediest(Map<String, Integer> wanted) {
    return plan.of(ServiceKind.EXPERT).stream()
        .filter(first -> replicas(first.shard()).size() < wanted.getOrDefault(first.shard(), 0))
        .min(
            Comparator.comparingDouble(
                first ->
                    (double) replicas(first.shard()).size()
                        / wanted.getOrDefault(first.shard(), 1)));
  }

  private List<ServiceSlot> replicas(String shard) {
    return experts().stream().filter(slot -> slot.plan().shard().equals(shard)).toList();
  }

  /** Ends everything: the gateway first, so that no request comes in; the routers last. */
  void stopAll() {
    List<ServiceKind> order = new ArrayList<>(List.of(ServiceKind.values()));
    order.sort(Comparator.reverseOrder());
    for (ServiceKind kind : order) {
      List<ChildProcess> children =
          slots.stream()
              .filter(slot -> slot.plan().kind() == kind)
              .map(ServiceSlot::child)
              .toList();
      children.forEach(ChildProcess::terminate);
      long deadline = System.nanoTime() + grace.toNanos();
      for (ChildProcess child : children) {
        awaitEnd(child, deadline);
      }
    }
  }

  private static void awaitEnd(ChildProcess child, long deadline) {
    try {
      if (child.awaitExit(Duration.ofNanos(deadline - System.nanoTime()))) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    child.kill();
  }
}
