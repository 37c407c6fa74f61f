package io.expertmesh.launcher.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.launcher.core.InstanceState;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Phase;
import io.expertmesh.launcher.core.ProcessRecord;
import io.expertmesh.launcher.core.Rollout;
import io.expertmesh.launcher.core.ServiceKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFileTest {
  private static final MeshState STATE =
      new MeshState(
          Phase.READY,
          "",
          new ProcessRecord(11, 1_000),
          2_000,
          "m",
          "/models/m",
          "http://127.0.0.1:8080",
          new Rollout("r1", Rollout.Stage.STARTING, "Starting 2 expert-services."),
          List.of(
              new InstanceState(
                  "experts-0",
                  ServiceKind.EXPERT,
                  "experts-0",
                  20_001,
                  new ProcessRecord(12, 1_500),
                  3)));

  @TempDir private Path folder = Path.of("");
  private Path path = Path.of("");

  @BeforeEach
  void choosePath() {
    path = folder.resolve("mesh.json");
  }

  @Test
  void whatWasWrittenIsRead() {
    StateFile file = new StateFile(path);
    file.write(STATE);

    assertThat(file.read()).contains(STATE);
  }

  @Test
  void writingLeavesNoDraftBehind() throws IOException {
    new StateFile(path).write(STATE);

    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  @Test
  void noFileMeansNoState() {
    assertThat(new StateFile(path).read()).isEmpty();
  }

  @Test
  void anUnreadableFileIsAPlainSentence() throws IOException {
    Files.writeString(path, "{\"phase\": ");

    assertThatThrownBy(() -> new StateFile(path).read())
        .isInstanceOf(LauncherException.class)
        .hasMessageContaining("cannot be read")
        .hasMessageContaining(path.toString());
  }
}
