package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows what services wrote. */
@Command(
    name = "logs",
    description = "Shows the last lines of every service's log, or of one.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class LogsCommand implements Callable<Integer> {
  private static final long TICK_NANOS = 200_000_000;

  @ParentCommand @Nullable MeshCommand mesh;

  @Parameters(
      arity = "0..1",
      paramLabel = "SERVICE",
      description = "A name that ./mesh status shows")
  private @Nullable String service;

  @Option(
      names = {"-n", "--lines"},
      paramLabel = "N",
      defaultValue = "30",
      description = "Lines per service")
  private int lines;

  @Option(
      names = {"-f", "--follow"},
      description = "Go on as lines are written, until Ctrl-C (needs a SERVICE)")
  private boolean follow;

  @Override
  public Integer call() {
    RunDirectory run = Objects.requireNonNull(mesh, "mesh").runDirectory();
    List<String> names = run.logNames();
    String chosen = service;
    if (names.isEmpty()) {
      throw new LauncherException("There are no logs in " + run.logs() + ".");
    }
    if (chosen != null && !names.contains(chosen)) {
      throw new LauncherException(
          "There is no log of " + chosen + "; there are " + String.join(", ", names) + ".");
    }
    if (follow && chosen == null) {
      throw new LauncherException("-f follows one service: " + String.join(", ", names) + ".");
    }
    Terminal terminal = Terminal.system();
    for (String name : chosen == null ? names : List.of(chosen)) {
      String prefix = chosen == null ? name + " | " : "";
      Logs.tail(run.log(name), Math.max(0, lines)).forEach(l -> terminal.line(prefix + l));
    }
    if (follow && chosen != null) {
      follow(run, chosen, terminal);
    }
    return 0;
  }

  private static void follow(RunDirectory run, String name, Terminal terminal) {
    try (BufferedReader reader = Files.newBufferedReader(run.log(name))) {
      reader.skip(Files.size(run.log(name)));
      while (!Thread.interrupted()) {
        String line = reader.readLine();
        if (line == null) {
          LockSupport.parkNanos(TICK_NANOS);
        } else {
          terminal.line(line);
        }
      }
    } catch (IOException e) {
      throw new LauncherException("Cannot read " + run.log(name) + ".", e);
    }
  }
}
