package io.expertmesh.launcher.core;

import io.expertmesh.protocol.core.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The keys by which services are told to use TLS, as the launcher hands them on. */
public final class TlsKeys {
  private static final String CERTIFICATE = "expertmesh.tls.certificate";
  private static final String KEY = "expertmesh.tls.key";
  private static final String TRUST = "expertmesh.tls.trust";
  private static final Duration RELOAD = Duration.ofSeconds(10);

  private TlsKeys() {}

  /** The keys of a mesh whose files are in one folder. */
  public static Map<String, String> within(Path folder) {
    return of(
        folder.resolve("mesh.pem"), folder.resolve("mesh.key"), folder.resolve("authority.pem"));
  }

  /** The keys that name these files. */
  public static Map<String, String> of(Path certificate, Path key, Path trust) {
    return Map.of(
        CERTIFICATE, certificate.toString(), KEY, key.toString(), TRUST, trust.toString());
  }

  /**
   * The files that all services are given; empty if they are given none.
   *
   * @throws LauncherException if some are named and others are missing
   */
  public static Optional<TlsFiles> read(Map<String, String> settings) {
    List<String> keys = List.of(CERTIFICATE, KEY, TRUST);
    if (keys.stream().noneMatch(settings::containsKey)) {
      return Optional.empty();
    }
    for (String key : keys) {
      if (settings.getOrDefault(key, "").isBlank()) {
        throw new LauncherException(
            key + " is missing: certificate, key and trust are given together or not at all.");
      }
    }
    return Optional.of(
        new TlsFiles(
            path(settings, CERTIFICATE),
            path(settings, KEY),
            path(settings, TRUST),
            List.of(),
            RELOAD));
  }

  private static Path path(Map<String, String> settings, String key) {
    return Path.of(settings.getOrDefault(key, "")).toAbsolutePath();
  }
}
