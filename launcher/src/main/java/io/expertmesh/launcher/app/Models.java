package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.ModelFacts;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.CheckpointException;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.ModelSpec;
import java.nio.file.Path;

/** Looks at a checkpoint before anything is started, so that a bad one is refused at once. */
final class Models {
  private Models() {}

  /** Opens the checkpoint, which checks every tensor's header, and closes it again. */
  static ModelFacts inspect(Path directory) {
    try (Checkpoint checkpoint = Checkpoints.open(directory)) {
      ModelSpec spec = checkpoint.spec();
      int experts =
          spec.routedLayers().stream()
              .mapToInt(layer -> spec.routed(layer).orElseThrow().experts().size())
              .max()
              .orElse(0);
      return new ModelFacts(directory.toString(), checkpoint.modelId(), experts);
    } catch (CheckpointException e) {
      throw new LauncherException("The model cannot be served: " + e.getMessage(), e);
    }
  }
}
