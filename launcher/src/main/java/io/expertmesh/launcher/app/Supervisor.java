package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Phase;
import io.expertmesh.launcher.core.ProcessRecord;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.ServiceReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;

/**
 * Runs the processes of one mesh: starts all, tells how far they are, starts again what ends by
 * itself, stops all in order. A service that ends before the mesh was ready ends the mesh.
 *
 * <p>{@link #run} does all the work on the thread that calls it; {@link #stop} may be called from
 * any other.
 */
final class Supervisor {
  private static final Duration STARTING_TICK = Duration.ofMillis(200);
  private static final Duration READY_TICK = Duration.ofMillis(500);

  private final MeshPlan plan;
  private final Function<InstancePlan, ChildProcess> starter;
  private final Function<InstancePlan, Optional<ServiceReport>> probe;
  private final Function<InstancePlan, String> lastWords;
  private final Consumer<MeshState> publish;
  private final SupervisorListener listener;
  private final Duration grace;
  private final IntSupplier freePort;

  private final List<ServiceSlot> slots = new ArrayList<>();
  private final Semaphore wakeUp = new Semaphore(0);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final long startedMillis = System.currentTimeMillis();
  private final long startedNanos = System.nanoTime();
  private volatile boolean stopRequested;
  private volatile Map<String, Integer> wanted = Map.of();
  private Phase phase = Phase.STARTING;

  /**
   * @param starter starts the process of an instance
   * @param probe asks an instance how it is; empty = no answer
   * @param lastWords a sentence from the log of an instance that ended; may be empty
   * @param publish keeps the state for other processes to read
   * @param grace how long each kind of service may take to stop before it is killed
   * @param freePort yields an unused loopback port for a further replica
   */
  Supervisor(
      MeshPlan plan,
      Function<InstancePlan, ChildProcess> starter,
      Function<InstancePlan, Optional<ServiceReport>> probe,
      Function<InstancePlan, String> lastWords,
      Consumer<MeshState> publish,
      SupervisorListener listener,
      Duration grace,
      IntSupplier freePort) {
    this.plan = Objects.requireNonNull(plan, "plan");
    this.starter = Objects.requireNonNull(starter, "starter");
    this.probe = Objects.requireNonNull(probe, "probe");
    this.lastWords = Objects.requireNonNull(lastWords, "lastWords");
    this.publish = Objects.requireNonNull(publish, "publish");
    this.listener = Objects.requireNonNull(listener, "listener");
    this.grace = Objects.requireNonNull(grace, "grace");
    this.freePort = Objects.requireNonNull(freePort, "freePort");
  }

  /**
   * Starts the mesh and returns after it was stopped.
   *
   * @throws LauncherException if a service ended before the mesh was ready; nothing runs any more
   */
  void run() {
    try {
      startAll();
      while (!stopRequested) {
        superviseOnce();
        await(phase == Phase.READY ? READY_TICK : STARTING_TICK);
      }
      publish(Phase.STOPPING, "");
      stopAll();
    } catch (LauncherException e) {
      stopAll();
      publish(Phase.FAILED, String.valueOf(e.getMessage()));
      throw e;
    } finally {
      stopped.countDown();
    }
  }

  /** Asks for the end of the mesh and waits until nothing of it runs. */
  void stop() {
    stopRequested = true;
    wakeUp.release();
    boolean interrupted = false;
    while (true) {
      try {
        stopped.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** True if nothing of the mesh runs any more. */
  boolean isDone() {
    return stopped.getCount() == 0;
  }

  private void startAll() {
    startThose(true);
    publish(Phase.STARTING, "");
  }

  /** Starts what serves requests, or the rest. */
  private void startThose(boolean serving) {
    for (InstancePlan instance : plan.instances()) {
      if (instance.kind().serving() == serving && !stopRequested) {
        slots.add(new ServiceSlot(instance, start(instance), System.nanoTime()));
      }
    }
  }

  /**
   * Says how many replicas shards should have. Shards that are not named stay as they are. May be
   * called from any thread; takes effect once the mesh is ready.
   */
  void scale(Map<String, Integer> replicas) {
    wanted = Map.copyOf(replicas);
    wakeUp.release();
  }

  private void scaleShards() {
    boolean changed = slots.removeIf(slot -> slot.leaving() && !slot.child().isAlive());
    for (Map.Entry<String, Integer> entry : wanted.entrySet()) {
      changed |= scale(entry.getKey(), entry.getValue());
    }
    for (ServiceSlot slot : slots) {
      if (slot.leaveOverdue(System.nanoTime())) {
        slot.child().kill();
      }
    }
    if (changed) {
      publish(phase, "");
    }
  }

  private boolean scale(String shard, int replicas) {
    List<ServiceSlot> running = new ArrayList<>();
    for (ServiceSlot slot : slots) {
      if (slot.plan().shard().equals(shard) && !slot.leaving()) {
        running.add(slot);
      }
    }
    Optional<InstancePlan> first =
        plan.instances().stream().filter(instance -> instance.shard().equals(shard)).findFirst();
    if (shard.isEmpty() || first.isEmpty() || running.size() == replicas) {
      return false;
    }
    for (int missing = replicas - running.size(); missing > 0; missing--) {
      InstancePlan added = first.get().sibling(unusedName(shard), freePort.getAsInt());
      slots.add(new ServiceSlot(added, start(added), System.nanoTime()));
      listener.added(added.name());
    }
    // The newest first: its caches and its place in the choices of routers matter least.
    while (running.size() > replicas) {
      ServiceSlot last = running.removeLast();
      last.leave(System.nanoTime() + grace.toNanos());
      listener.removed(last.plan().name());
    }
    return true;
  }

  private String unusedName(String shard) {
    int number = 0;
    while (true) {
      String name = shard + "-r" + ++number;
      if (slots.stream().noneMatch(slot -> slot.plan().name().equals(name))) {
        return name;
      }
    }
  }

  private ChildProcess start(InstancePlan instance) {
    ChildProcess child = starter.apply(instance);
    child.whenEnded(wakeUp::release);
    return child;
  }

  private void superviseOnce() {
    if (phase == Phase.READY) {
      scaleShards();
    }
    for (ServiceSlot slot : slots) {
      if (slot.endedUnnoticed()) {
        ended(slot);
      } else if (slot.restartDue(System.nanoTime())) {
        slot.restarted(start(slot.plan()), System.nanoTime());
        publish(phase, "");
      }
      if (slot.child().isAlive() && !slot.ready()) {
        probe.apply(slot.plan()).ifPresent(report -> heard(slot, report));
      }
    }
    listener.progressed(elapsed());
    if (phase == Phase.STARTING && slots.stream().allMatch(ServiceSlot::ready)) {
      startThose(false);
      publish(Phase.READY, "");
      listener.ready(elapsed());
    }
  }

  private void heard(ServiceSlot slot, ServiceReport report) {
    listener.heard(slot.plan().name(), report, elapsed());
    if (report.ready()) {
      slot.markReady();
    } else if (phase == Phase.STARTING && report.state().equals(ServiceReport.FAILED)) {
      throw new LauncherException(slot.plan().name() + " failed to start: " + report.detail());
    }
  }

  private void ended(ServiceSlot slot) {
    String why = lastWords.apply(slot.plan());
    String how = how(slot.child().exitCode());
    if (phase == Phase.STARTING) {
      throw new LauncherException(
          slot.plan().name() + " " + how + " while starting" + (why.isEmpty() ? "." : ": " + why));
    }
    Duration delay = slot.ended(System.nanoTime());
    listener.restarting(slot.plan().name(), how, delay);
  }

  private static String how(int exitCode) {
    return exitCode > 128
        ? "was ended by signal " + (exitCode - 128)
        : "ended with exit code " + exitCode;
  }

  /** The gateway first, so that no request comes in; the routers last. */
  private void stopAll() {
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

  private void await(Duration tick) {
    try {
      if (wakeUp.tryAcquire(tick.toMillis(), TimeUnit.MILLISECONDS)) {
        wakeUp.drainPermits();
      }
    } catch (InterruptedException e) {
      stopRequested = true;
    }
  }

  private void publish(Phase now, String message) {
    phase = now;
    publish.accept(
        new MeshState(
            now,
            message,
            ProcessRecord.of(ProcessHandle.current()),
            startedMillis,
            plan.modelId(),
            plan.url(),
            slots.stream().map(ServiceSlot::state).toList()));
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }
}
