package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folder of one mesh: its state file, its lock, its logs. The supervisor holds the lock as long
 * as it lives, so that a second one cannot start beside it.
 */
record RunDirectory(Path path) {
  RunDirectory {
    Objects.requireNonNull(path, "path");
  }

  Path stateFile() {
    return path.resolve("mesh.json");
  }

  Path logs() {
    return path.resolve("logs");
  }

  /** Log of a service or, named {@code mesh}, of a supervisor in the background. */
  Path log(String name) {
    return logs().resolve(name + ".log");
  }

  /** Makes the folders; a sentence if that is not possible. */
  void create() {
    try {
      Files.createDirectories(logs());
    } catch (IOException e) {
      throw new LauncherException(
          "Cannot write to " + path + ": " + e.getClass().getSimpleName() + ".", e);
    }
    if (!Files.isWritable(path) || !Files.isWritable(logs())) {
      throw new LauncherException("No permission to write to " + path + ".");
    }
  }

  /** Takes the lock, which lasts until this process ends; empty if another process holds it. */
  Optional<FileLock> tryLock() {
    try {
      FileChannel channel =
          FileChannel.open(
              path.resolve("mesh.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
      }
      return Optional.ofNullable(lock);
    } catch (IOException e) {
      throw new LauncherException("Cannot lock " + path.resolve("mesh.lock") + ": " + e, e);
    }
  }

  /** Removes the logs of an earlier mesh, except the one that a supervisor writes now. */
  void clearLogs() {
    for (String name : logNames()) {
      if (!name.equals("mesh")) {
        try {
          Files.deleteIfExists(log(name));
        } catch (IOException e) {
          throw new LauncherException("Cannot remove the old log " + log(name) + ".", e);
        }
      }
    }
  }

  /** Names of the logs that are there, sorted. */
  List<String> logNames() {
    if (!Files.isDirectory(logs())) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(logs())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".log"))
          .map(name -> name.substring(0, name.length() - ".log".length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new LauncherException("Cannot read " + logs() + ".", e);
    }
  }
}
