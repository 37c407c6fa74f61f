package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstanceState;
import io.expertmesh.launcher.core.MeshState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Deals with what a supervisor that was killed left behind. Its services end by themselves. */
final class Leftovers {
  private static final Duration BY_THEMSELVES = Duration.ofSeconds(10);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private Leftovers() {}

  /** Waits for its services to end, kills those that do not, removes the state file. */
  static void remove(StateFile file) {
    file.read().ifPresent(Leftovers::endServices);
    file.remove();
  }

  /** Ends what is left of a mesh; to be called only when its supervisor is gone. */
  static void endServices(MeshState state) {
    List<ProcessHandle> alive =
        state.instances().stream()
            .map(InstanceState::process)
            .flatMap(process -> process.find().stream())
            .toList();
    long deadline = System.nanoTime() + BY_THEMSELVES.toNanos();
    for (ProcessHandle process : alive) {
      if (!endsUntil(process, deadline)) {
        process.destroyForcibly();
      }
    }
  }

  /**
   * True if the process ended before the deadline, a value of {@link System#nanoTime}. Asks again
   * and again: of a process that is no child of this one the JVM itself looks only every few
   * seconds.
   */
  static boolean endsUntil(ProcessHandle process, long deadline) {
    while (process.isAlive()) {
      if (System.nanoTime() - deadline >= 0 || Thread.currentThread().isInterrupted()) {
        return false;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return true;
  }
}
