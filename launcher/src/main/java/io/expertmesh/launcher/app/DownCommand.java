package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.MeshState;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Stops the mesh. */
@Command(
    name = "down",
    description = "Stops the mesh: gateway, attention, experts, router, in this order.",
    mixinStandardHelpOptions = true)
final class DownCommand implements Callable<Integer> {
  /** Longer than the supervisor gives all kinds of services together. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @ParentCommand @Nullable MeshCommand mesh;

  @Override
  public Integer call() {
    RunDirectory run = Objects.requireNonNull(mesh, "mesh").runDirectory();
    StateFile file = new StateFile(run.stateFile());
    Optional<MeshState> state = file.read();
    Terminal terminal = Terminal.system();
    Optional<ProcessHandle> supervisor = state.flatMap(s -> s.supervisor().find());
    if (supervisor.isEmpty()) {
      Leftovers.remove(file);
      terminal.line("No mesh is up here.");
      return 0;
    }
    supervisor.get().destroy();
    if (!Leftovers.endsUntil(supervisor.get(), System.nanoTime() + PATIENCE.toNanos())) {
      supervisor.get().destroyForcibly();
    }
    Leftovers.remove(file);
    terminal.line("Stopped.");
    return 0;
  }
}
