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
    ServiceKind kind = instance.kind();
    Path cache = cache(kind);
    // A cache that does not fit is ignored; the log need not say so.
    return command(
        instance,
        Files.isRegularFile(cache)
            ? List.of(
                (kind.computing() ? "-XX:SharedArchiveFile=" : "-XX:AOTCache=") + cache,
                "-Xlog:aot*=off,cds*=off")
            : List.of());
  }

  /**
   * The command line of a service that writes down what it loads: one that computes the {@link
   * #draft} of its cache, when it ends; another one a record for {@link #assembly}.
   */
  List<String> recording(InstancePlan instance) {
    ServiceKind kind = instance.kind();
    String quiet = "-Xlog:aot*=error,cds*=error";
    return command(
        instance,
        kind.computing()
            ? List.of("-XX:ArchiveClassesAtExit=" + draft(kind), quiet)
            : List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + recorded(kind), quiet));
  }

  /** The command line that makes the draft of a cache from what a service recorded. */
  List<String> assembly(ServiceKind kind) {
    List<String> command = jvm(kind);
    command.addAll(
        List.of(
            "-XX:AOTMode=create",
            "-XX:AOTConfiguration=" + recorded(kind),
            "-XX:AOTCache=" + draft(kind),
            "-cp",
            classpath(kind)));
    return command;
  }

  /**
   * Cache of the loaded classes of a kind of service; made once per build. One of linked classes
   * and profiles (JEP 483, 515), but for services that compute: what such a cache has of them lacks
   * the classes behind lambdas too, which an archive of the older kind has.
   */
  Path cache(ServiceKind kind) {
    return dist.resolve("cache").resolve(kind.artifact() + (kind.computing() ? ".jsa" : ".aot"));
  }

  /** A cache that is being written. */
  Path draft(ServiceKind kind) {
    Path cache = cache(kind);
    return cache.resolveSibling(cache.getFileName() + ".new");
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
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"));
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
