package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Reads and writes {@code mesh.json}. A reader sees the old or the new content, never a part. */
final class StateFile {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Path path;

  StateFile(Path path) {
    this.path = Objects.requireNonNull(path, "path");
  }

  /** The state; empty if there is no file. */
  Optional<MeshState> read() {
    try {
      return Optional.of(JSON.readValue(Files.readAllBytes(path), MeshState.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | JacksonException e) {
      throw new LauncherException(
          "The state file "
              + path
              + " cannot be read; if no mesh runs, remove it. The reason: "
              + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
          e);
    }
  }

  /** Replaces the state. */
  void write(MeshState state) {
    Path draft = path.resolveSibling(path.getFileName() + ".new");
    try {
      Files.write(draft, JSON.writeValueAsBytes(state));
      Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new LauncherException("Cannot write the state file " + path + ".", e);
    }
  }

  /** Removes the file. */
  void remove() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new LauncherException("Cannot remove the state file " + path + ".", e);
    }
  }
}
