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
  /** An incubating module keeps a JVM from linking classes, and from profiles, in its cache. */
  private static final String VECTORS = "--add-modules=jdk.incubator.vector";

  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  Tree {
    Objects.requireNonNull(dist, "dist");
    jvmFlags = List.copyOf(jvmFlags);
  }

  /** The command line of a service, with its start-up cache if the build left one. */
  List<String> command(InstancePlan instance) {
    Path cache = cache(instance.kind());
    // A cache that does not fit is ignored; the log need not say so.
    return command(
        instance,
        Files.isRegularFile(cache)
            ? List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off,cds*=off")
            : List.of());
  }

  /** The command line of a service that records what it loads, for {@link #assembly}. */
  List<String> recording(InstancePlan instance) {
    return command(
        instance,
        List.of(
            "-XX:AOTMode=record",
            "-XX:AOTConfiguration=" + recorded(instance.kind()),
            "-Xlog:aot*=error,cds*=error"));
  }

  /** The command line that makes a cache from what a service recorded; it writes to a draft. */
  List<String> assembly(ServiceKind kind, Path draft) {
    List<String> command = jvm(kind);
    command.addAll(
        List.of(
            "-XX:AOTMode=create",
            "-XX:AOTConfiguration=" + recorded(kind),
            "-XX:AOTCache=" + draft,
            "-cp",
            classpath(kind)));
    return command;
  }

  /** Cache of loaded and linked classes of a kind of service; made once per build. */
  Path cache(ServiceKind kind) {
    return dist.resolve("cache").resolve(kind.artifact() + ".aot");
  }

  /** What a service of this kind recorded. */
  Path recorded(ServiceKind kind) {
    return dist.resolve("cache").resolve(kind.artifact() + ".record");
  }

  /** The command line of another main class on the class path of a kind of service. */
  List<String> tool(ServiceKind kind, String mainClass, List<String> arguments) {
    List<String> command = jvm(kind);
    command.addAll(List.of("-cp", classpath(kind), mainClass));
    command.addAll(arguments);
    return command;
  }

  private List<String> command(InstancePlan instance, List<String> cacheFlags) {
    List<String> command = jvm(instance.kind());
    command.addAll(cacheFlags);
    command.addAll(List.of("-cp", classpath(instance.kind()), instance.kind().mainClass()));
    command.addAll(instance.arguments());
    return command;
  }

  /** Caches fit only a JVM with the flags that they were made with. */
  private List<String> jvm(ServiceKind kind) {
    List<String> command = new ArrayList<>(List.of(JAVA));
    for (String flag : jvmFlags) {
      if (kind.computing() || !flag.equals(VECTORS)) {
        command.add(flag);
      }
    }
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Xss512k"));
    if (!kind.serving() && !kind.computing()) {
      command.add("-Xmx256m");
    }
    return command;
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
