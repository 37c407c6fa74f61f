package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.PlacementRequest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file through which a command hands a placement to the supervisor: whoever may write to the run
 * folder, and nobody else, may change the mesh.
 */
final class PlacementMailbox {
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Path file;
  private final Path lock;

  PlacementMailbox(RunDirectory run) {
    file = run.path().resolve("placement.json");
    lock = run.path().resolve("placement.lock");
  }

  /** Makes this process the only one that may hand in, as long as it lives; empty if another is. */
  Optional<FileLock> tryLock() {
    try {
      FileChannel channel =
          FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock taken = channel.tryLock();
      if (taken == null) {
        channel.close();
      }
      return Optional.ofNullable(taken);
    } catch (IOException e) {
      throw new LauncherException("Cannot lock " + lock + ": " + e, e);
    }
  }

  /** Hands a request in; one that was not taken yet is replaced. */
  void put(PlacementRequest request) {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.write(draft, JSON.writeValueAsBytes(Objects.requireNonNull(request, "request")));
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new LauncherException("Cannot write " + file + ".", e);
    }
  }

  /** The request that waits; it is gone afterwards, whatever it was. */
  Optional<PlacementRequest> take() {
    try {
      byte[] text = Files.readAllBytes(file);
      Files.delete(file);
      return Optional.of(JSON.readValue(text, PlacementRequest.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | JacksonException e) {
      // Nobody waits for an answer to what cannot be read; the mesh goes on as it is.
      return Optional.empty();
    }
  }

  /** Removes what an earlier mesh did not take. */
  void clear() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new LauncherException("Cannot remove " + file + ".", e);
    }
  }
}
