package io.expertmesh.gateway.transport.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the native tokenizer library is unpacked to. */
public final class NativeCache {
  private NativeCache() {}

  /**
   * A writable directory.
   *
   * @param configured wins if not empty; else the user's cache directory, or a temporary one where
   *     there is no writable home
   * @throws IOException if the configured one cannot be written to
   */
  public static Path directory(String configured) throws IOException {
    if (!configured.isEmpty()) {
      Path directory = Path.of(configured);
      Files.createDirectories(directory);
      return directory;
    }
    Path directory = Path.of(System.getProperty("user.home", ""), ".cache", "expertmesh", "djl");
    try {
      Files.createDirectories(directory);
      if (Files.isWritable(directory)) {
        return directory;
      }
    } catch (IOException e) {
      // A container's home is often read-only.
    }
    return Files.createTempDirectory("expertmesh-djl");
  }
}
