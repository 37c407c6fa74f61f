package io.expertmesh.launcher.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Properties;

/**
 * Facts that the build left for the launcher.
 *
 * @param version of the mesh
 * @param jvmFlags with which every JVM that computes is started
 */
record LauncherInfo(String version, List<String> jvmFlags) {
  LauncherInfo {
    Objects.requireNonNull(version, "version");
    jvmFlags = List.copyOf(jvmFlags);
  }

  /** Reads them. */
  static LauncherInfo load() {
    Properties properties = new Properties();
    try (InputStream in =
        Objects.requireNonNull(
            LauncherInfo.class.getResourceAsStream("/launcher.properties"),
            "launcher.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new LauncherInfo(
        properties.getProperty("version"),
        List.of(properties.getProperty("jvm.flags").strip().split("\\s+")));
  }
}
