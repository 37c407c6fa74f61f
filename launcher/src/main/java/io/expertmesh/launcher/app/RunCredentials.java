package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.TlsKeys;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.TlsFiles;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MutualTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;

/** With what the launcher's commands talk to the services of a mesh: what the mesh itself uses. */
final class RunCredentials {
  private final Path file;

  RunCredentials(RunDirectory run) {
    file = run.path().resolve("tls.properties");
  }

  /** Keeps, for other commands, which files the services are given. */
  void remember(Map<String, String> settings) {
    try {
      Optional<TlsFiles> tls = TlsKeys.read(settings);
      if (tls.isEmpty()) {
        Files.deleteIfExists(file);
        return;
      }
      Properties keys = new Properties();
      keys.putAll(TlsKeys.of(tls.get().certificate(), tls.get().key(), tls.get().trust()));
      try (var out = Files.newBufferedWriter(file)) {
        keys.store(out, null);
      }
    } catch (IOException e) {
      throw new LauncherException("Cannot write " + file + ".", e);
    }
  }

  /** The credentials; plain if the mesh uses no TLS. */
  MeshCredentials open() {
    Properties keys = new Properties();
    try (var in = Files.newBufferedReader(file)) {
      keys.load(in);
    } catch (NoSuchFileException e) {
      return MeshCredentials.plain();
    } catch (IOException e) {
      throw new LauncherException("Cannot read " + file + ".", e);
    }
    Map<String, String> settings = new HashMap<>();
    keys.stringPropertyNames()
        .forEach(key -> settings.put(key, Objects.requireNonNull(keys.getProperty(key))));
    try {
      return TlsKeys.read(settings)
          .<MeshCredentials>map(MutualTls::of)
          .orElseGet(MeshCredentials::plain);
    } catch (MeshException e) {
      throw new LauncherException(e.getMessage(), e);
    }
  }
}
