package io.expertmesh.tests.scaling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A main class on the class path of the broker that a mesh brings along. */
final class BrokerProcess {
  private static final Path DIST = Path.of("..", "dist").toAbsolutePath().normalize();

  private BrokerProcess() {}

  /** Starts it; what it says is added to a file. */
  static Process start(Path log, String mainClass, List<String> arguments) {
    try {
      List<String> jars = new ArrayList<>(List.of(DIST.resolve("lib/kafka.jar").toString()));
      for (String jar : Files.readString(DIST.resolve("kafka.classpath")).strip().split(":", -1)) {
        jars.add(DIST.resolve(jar).toString());
      }
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-XX:+UseSerialGC",
                  // Both for a quick start: these processes live for seconds.
                  "-XX:TieredStopAtLevel=1",
                  "-XX:AOTCache=" + DIST.resolve("cache/kafka.aot"),
                  "-Xlog:aot*=off,cds*=off",
                  "-cp",
                  String.join(":", jars),
                  mainClass));
      command.addAll(arguments);
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
