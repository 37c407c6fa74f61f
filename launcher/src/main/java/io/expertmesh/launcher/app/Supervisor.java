package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Phase;
import io.expertmesh.launcher.core.PlacementRequest;
import io.expertmesh.launcher.core.ProcessRecord;
import io.expertmesh.launcher.core.Rollout;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.ServiceReport;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

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

  private final Fleet fleet;
  private final Function<InstancePlan, Optional<ServiceReport>> probe;
  private final Function<InstancePlan, String> lastWords;
  private final Consumer<MeshState> publish;
  private final SupervisorListener listener;
  private final Placements placements;

  private final Semaphore wakeUp = new Semaphore(0);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final long startedMillis = System.currentTimeMillis();
  private final long startedNanos = System.nanoTime();
  private volatile boolean stopRequested;
  private volatile Map<String, Integer> wanted = Map.of();
  private Phase phase = Phase.STARTING;
  private @Nullable PlacementChange change;
  private Rollout rollout = Rollout.NONE;

  /**
   * @param starter starts the process of an instance
   * @param probe asks an instance how it is; empty = no answer
   * @param lastWords a sentence from the log of an instance that ended; may be empty
   * @param publish keeps the state for other processes to read
   * @param placements where requests for another placement come from
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
      Placements placements,
      Duration grace,
      IntSupplier freePort) {
    this.fleet = new Fleet(plan, starter, wakeUp::release, listener, grace, freePort);
    this.probe = Objects.requireNonNull(probe, "probe");
    this.lastWords = Objects.requireNonNull(lastWords, "lastWords");
    this.publish = Objects.requireNonNull(publish, "publish");
    this.listener = Objects.requireNonNull(listener, "listener");
    this.placements = Objects.requireNonNull(placements, "placements");
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
      fleet.stopAll();
    } catch (LauncherException e) {
      fleet.stopAll();
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
    startThose(ServiceKind::serving);
    publish(Phase.STARTING, "");
  }

  private void startThose(Predicate<ServiceKind> kinds) {
    for (InstancePlan instance : fleet.plan().instances()) {
      if (kinds.test(instance.kind()) && !stopRequested) {
        fleet.start(instance);
      }
    }
  }

  /**
   * Says how many replicas shards should have. Shards that are not named stay as they are. May be
   * called from any thread; takes effect once the mesh is ready and its placement does not change.
   */
  void scale(Map<String, Integer> replicas) {
    wanted = Map.copyOf(replicas);
    wakeUp.release();
  }

  private void manageReplicas() {
    boolean changed = fleet.sweep();
    changed |= changePlacement();
    if (change == null) {
      changed |= fleet.scale(wanted);
    }
    changed |= fleet.restock();
    if (changed) {
      publish(phase, "");
    }
  }

  /** True if anything happened that others should hear of. */
  private boolean changePlacement() {
    PlacementChange running = change;
    if (running == null) {
      Optional<PlacementRequest> request = placements.take();
      request.ifPresent(this::beginChange);
      return request.isPresent();
    }
    running.step(this::endOf);
    boolean changed = !running.rollout().equals(rollout);
    rollout = running.rollout();
    if (rollout.stage() == Rollout.Stage.DRAINING && changed) {
      // What was wanted of the old shards says nothing of the new ones.
      wanted = Map.of();
    }
    if (rollout.ended()) {
      change = null;
    }
    return changed;
  }

  private void beginChange(PlacementRequest request) {
    try {
      PlacementChange begun = new PlacementChange(request, placements, fleet);
      change = begun;
      rollout = begun.rollout();
    } catch (LauncherException e) {
      rollout = new Rollout(request.id(), Rollout.Stage.FAILED, String.valueOf(e.getMessage()));
    }
  }

  private void superviseOnce() {
    if (phase == Phase.READY) {
      manageReplicas();
    }
    for (ServiceSlot slot : fleet.slots()) {
      if (slot.endedUnnoticed()) {
        ended(slot);
      } else if (slot.restartDue(System.nanoTime())) {
        fleet.startAgain(slot);
        publish(phase, "");
      }
      if (slot.child().isAlive() && !slot.settled()) {
        probe.apply(slot.plan()).ifPresent(report -> heard(slot, report));
      }
    }
    listener.progressed(elapsed());
    if (phase == Phase.STARTING && fleet.slots().stream().allMatch(ServiceSlot::ready)) {
      // Spares come when nothing else starts any more.
      startThose(kind -> !kind.serving() && kind != ServiceKind.SPARE);
      // What is said of it is there when others read that it is ready.
      listener.ready(elapsed());
      publish(Phase.READY, "");
    }
  }

  private void heard(ServiceSlot slot, ServiceReport report) {
    slot.heard(report);
    listener.heard(slot.plan().name(), report, elapsed());
    if (phase == Phase.STARTING && report.state().equals(ServiceReport.FAILED)) {
      throw new LauncherException(slot.plan().name() + " failed to start: " + report.detail());
    }
  }

  private void ended(ServiceSlot slot) {
    if (phase == Phase.STARTING) {
      throw new LauncherException(endOf(slot));
    }
    Duration delay = slot.ended(System.nanoTime());
    listener.restarting(slot.plan().name(), how(slot.child().exitCode()), delay);
  }

  private String endOf(ServiceSlot slot) {
    String why = lastWords.apply(slot.plan());
    return slot.plan().name()
        + " "
        + how(slot.child().exitCode())
        + " while starting"
        + (why.isEmpty() ? "." : ": " + why);
  }

  private static String how(int exitCode) {
    return exitCode > 128
        ? "was ended by signal " + (exitCode - 128)
        : "ended with exit code " + exitCode;
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
            fleet.plan().modelId(),
            fleet.plan().model(),
            fleet.plan().url(),
            rollout,
            fleet.slots().stream().map(ServiceSlot::state).toList()));
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }
}
