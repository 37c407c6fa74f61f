package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.Phase;
import io.expertmesh.launcher.core.ProcessRecord;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Starts a supervisor that outlives this process and its terminal, and waits until it is ready. */
final class Background {
  private static final long TICK_MILLIS = 100;

  /** How the supervisor's failure begins in its log; it is told once, by us. */
  private static final String FAILURE = "mesh: ";

  private static final String DETACH =
      "trap '' INT HUP; if command -v setsid >/dev/null 2>&1; then exec setsid \"$@\"; fi; exec \"$@\"";

  private final RunDirectory run;

  Background(RunDirectory run) {
    this.run = Objects.requireNonNull(run, "run");
  }

  /** Gives the lock to whoever takes it next: the supervisor. */
  static void release(FileLock lock) {
    try {
      lock.acquiredBy().close();
    } catch (IOException e) {
      throw new LauncherException("Cannot release the lock of the mesh.", e);
    }
  }

  /**
   * @param arguments of the mesh command that the supervisor runs
   * @return exit code
   */
  int start(List<String> arguments) {
    Path log = run.log("mesh");
    Process process;
    try {
      Files.deleteIfExists(log);
      process =
          new ProcessBuilder(command(arguments))
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    } catch (IOException e) {
      throw new LauncherException("Cannot start the supervisor: " + e.getMessage(), e);
    }
    Thread giveUp = Thread.ofPlatform().unstarted(process::destroy);
    Runtime.getRuntime().addShutdownHook(giveUp);
    Terminal terminal = Terminal.system();
    awaitReady(process, log, terminal);
    Runtime.getRuntime().removeShutdownHook(giveUp);
    terminal.line("The mesh stays up in the background; ./mesh down stops it.");
    return 0;
  }

  /** Shows what the supervisor writes until the mesh is ready. */
  private void awaitReady(Process process, Path log, Terminal terminal) {
    ProcessRecord supervisor = ProcessRecord.of(process.toHandle());
    int shown = 0;
    while (true) {
      boolean ended = ended(process);
      boolean ready =
          new StateFile(run.stateFile())
              .read()
              .filter(state -> state.supervisor().pid() == supervisor.pid())
              .filter(state -> state.phase() == Phase.READY)
              .isPresent();
      List<String> lines = Logs.tail(log, Integer.MAX_VALUE);
      if (!ended) {
        lines.subList(shown, lines.size()).stream()
            .filter(line -> !line.startsWith(FAILURE))
            .forEach(terminal::line);
        shown = lines.size();
      }
      if (ready) {
        return;
      }
      if (ended) {
        String sentence = lines.isEmpty() ? "it left no log" : lines.getLast();
        throw new LauncherException(
            sentence.startsWith(FAILURE) ? sentence.substring(FAILURE.length()) : sentence);
      }
    }
  }

  private static boolean ended(Process process) {
    try {
      process.onExit().get(TICK_MILLIS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      return !process.isAlive();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LauncherException("Interrupted while the mesh was starting.", e);
    }
  }

  private static List<String> command(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", DETACH, "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), MeshCommand.class.getName()));
    command.addAll(arguments);
    return command;
  }
}
