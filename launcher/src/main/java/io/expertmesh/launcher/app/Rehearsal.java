package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.ServiceReport;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Lets a mesh become ready, uses it once, and stops it. */
final class Rehearsal implements SupervisorListener {
  private final Runnable use;
  private @Nullable Supervisor supervisor;
  private volatile @Nullable LauncherException failure;

  Rehearsal(Runnable use) {
    this.use = Objects.requireNonNull(use, "use");
  }

  /** Names the supervisor to stop. */
  void attend(Supervisor ofMesh) {
    supervisor = ofMesh;
  }

  /** Why the mesh could not be used. */
  Optional<LauncherException> failure() {
    return Optional.ofNullable(failure);
  }

  @Override
  public void heard(String name, ServiceReport report, Duration sinceStart) {}

  @Override
  public void progressed(Duration sinceStart) {}

  @Override
  public void ready(Duration sinceStart) {
    Supervisor running = Objects.requireNonNull(supervisor, "supervisor");
    Thread.ofPlatform().daemon().name("rehearsal").start(() -> useAndStop(running));
  }

  private void useAndStop(Supervisor running) {
    try {
      use.run();
    } catch (LauncherException e) {
      failure = e;
    } finally {
      running.stop();
    }
  }

  @Override
  public void restarting(String name, String how, Duration delay) {
    failure = new LauncherException(name + " " + how + " while it was rehearsed.");
    Thread.ofPlatform().daemon().start(Objects.requireNonNull(supervisor, "supervisor")::stop);
  }
}
