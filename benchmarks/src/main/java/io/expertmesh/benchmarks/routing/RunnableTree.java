package io.expertmesh.benchmarks.routing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The services as the build leaves them in {@code dist/}, started as {@code ./mesh up} starts them.
 *
 * @param dist the tree
 * @param jvmFlags with which every JVM that computes is started
 */
record RunnableTree(Path dist, List<String> jvmFlags) {
  RunnableTree {
    Objects.requireNonNull(dist, "dist");
    jvmFlags = List.copyOf(jvmFlags);
  }

  /** The tree and the flags that {@code benchmarks/run} names in system properties. */
  static RunnableTree fromProperties() {
    String home = System.getProperty("expertmesh.home", "");
    String flags = System.getProperty("expertmesh.jvm.flags", "");
    if (home.isEmpty() || flags.isEmpty()) {
      throw new IllegalStateException(
          "expertmesh.home and expertmesh.jvm.flags are not set; start with benchmarks/run");
    }
    return new RunnableTree(Path.of(home, "dist"), Arrays.asList(flags.strip().split(" +")));
  }

  /**
   * The command line of a service.
   *
   * @param artifact name of its jar and of its class path file
   * @param keys configuration
   */
  List<String> command(String artifact, String mainClass, Map<String, String> keys)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(jvmFlags);
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"));
    Path cache = dist.resolve("cache").resolve(artifact + ".jsa");
    if (Files.isRegularFile(cache)) {
      command.addAll(List.of("-XX:SharedArchiveFile=" + cache, "-Xlog:aot*=off,cds*=off"));
    }
    command.addAll(List.of("-cp", classPath(artifact), mainClass));
    new TreeMap<>(keys).forEach((key, value) -> command.add("--" + key + "=" + value));
    return command;
  }

  private String classPath(String artifact) throws IOException {
    List<String> jars = new ArrayList<>(List.of("lib/" + artifact + ".jar"));
    String list = Files.readString(dist.resolve(artifact + ".classpath")).strip();
    jars.addAll(Arrays.asList(list.split(":")));
    return String.join(":", jars.stream().map(jar -> dist.resolve(jar).toString()).toList());
  }
}
