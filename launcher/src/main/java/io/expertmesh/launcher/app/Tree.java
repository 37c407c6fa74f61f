package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.ServiceKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The runnable tree that the build leaves in {@code dist/}, and the commands that run its services.
 *
 * @param dist the tree
 * @param jvmFlags with which a JVM that computes is started
 */
record Tree(Path dist, List<String> jvmFlags) {
  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  Tree {
    Objects.requireNonNull(dist, "dist");
    jvmFlags = List.copyOf(jvmFlags);
  }

  /** The command line of a service. */
  List<String> command(InstancePlan instance) {
    return command(instance, List.of());
  }

  /** The command line of a service with further JVM flags. */
  List<String> command(InstancePlan instance, List<String> moreFlags) {
    ServiceKind kind = instance.kind();
    List<String> command = new ArrayList<>();
    command.add(JAVA);
    command.addAll(jvmFlags);
    command.addAll(
        List.of("-XX:+UseSerialGC", "-Xshare:auto", "-XX:+ExitOnOutOfMemoryError", "-Xss512k"));
    Path cache = cache(kind);
    if (moreFlags.isEmpty() && Files.isRegularFile(cache)) {
      command.add("-XX:AOTCache=" + cache);
      // A cache that does not fit is ignored; the log need not say so.
      command.add("-Xlog:aot*=off,cds*=off");
    }
    command.addAll(moreFlags);
    command.addAll(List.of("-cp", classpath(kind), kind.mainClass()));
    command.addAll(instance.arguments());
    return command;
  }

  /** Cache of loaded and linked classes of a kind of service; made once per build. */
  Path cache(ServiceKind kind) {
    return dist.resolve("cache").resolve(kind.artifact() + ".aot");
  }

  private String classpath(ServiceKind kind) {
    Path list = dist.resolve(kind.artifact() + ".classpath");
    try {
      return Stream.concat(
              Stream.of("lib/" + kind.artifact() + ".jar"),
              Stream.of(Files.readString(list).strip().split(":")))
          .map(jar -> dist.resolve(jar).toString())
          .collect(Collectors.joining(":"));
    } catch (IOException e) {
      throw new LauncherException("Nothing is built at " + dist + "; run ./mesh build.", e);
    }
  }
}
