package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Phase;
import java.util.Objects;
import java.util.Optional;

/** Finds the mesh of a run directory. */
final class Meshes {
  private static final String NONE = "No mesh is up here; start one with ./mesh up.";

  private Meshes() {}

  /** The mesh whose supervisor lives; empty if there is none. */
  static Optional<MeshState> find(RunDirectory run) {
    return new StateFile(run.stateFile())
        .read()
        .filter(state -> state.supervisor().find().isPresent());
  }

  /** The mesh; a sentence that says what happened to it if it is not up. */
  static MeshState require(RunDirectory run) {
    Objects.requireNonNull(run, "run");
    Optional<MeshState> state = find(run);
    if (state.isPresent()) {
      return state.get();
    }
    Optional<MeshState> last = new StateFile(run.stateFile()).read();
    if (last.isEmpty()) {
      throw new LauncherException(NONE);
    }
    throw new LauncherException(
        last.get().phase() == Phase.FAILED
            ? "No mesh is up here; the last start failed: " + last.get().message()
            : "The supervisor of the mesh (process "
                + last.get().supervisor().pid()
                + ") was killed; its services ended with it. Start again with ./mesh up.");
  }
}
