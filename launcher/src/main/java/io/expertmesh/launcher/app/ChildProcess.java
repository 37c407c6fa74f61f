package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.ProcessRecord;
import io.expertmesh.protocol.core.Assignment;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A process that belongs to this one. Its standard input is a pipe that we hold open: when we end,
 * however we end, the pipe closes and the child ends itself. Ctrl-C and a closed terminal reach
 * only us, so that we can stop the children in order.
 */
final class ChildProcess {
  private static final String SHIELD = "trap '' INT HUP; exec \"$@\"";

  private final Process process;
  private final Path log;
  private final ProcessRecord identity;

  private ChildProcess(Process process, Path log) {
    this.process = Objects.requireNonNull(process, "process");
    this.log = Objects.requireNonNull(log, "log");
    this.identity = ProcessRecord.of(process.toHandle());
  }

  /**
   * Starts a process.
   *
   * @param command program and arguments
   * @param folder its working directory
   * @param log file to which its output is appended
   */
  static ChildProcess start(List<String> command, Path folder, Path log) {
    List<String> shielded = new ArrayList<>(List.of("/bin/sh", "-c", SHIELD, "sh"));
    shielded.addAll(command);
    try {
      return new ChildProcess(
          new ProcessBuilder(shielded)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start(),
          log);
    } catch (IOException e) {
      throw new LauncherException("Cannot start " + command.getFirst() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Tells a process that waits for it what it is from now on. Its log takes the new name too; what
   * an earlier process of that name left is kept beside it.
   *
   * @param name of what it becomes
   */
  void assign(String name, Assignment assignment) {
    try {
      Path named = log.resolveSibling(name + ".log");
      if (Files.exists(named)) {
        Files.move(
            named, log.resolveSibling(name + ".before.log"), StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(log, named);
      OutputStream input = process.getOutputStream();
      input.write((assignment.line() + "\n").getBytes(StandardCharsets.UTF_8));
      input.flush();
    } catch (IOException e) {
      // It has just ended, or could not be told: it must not stay as it is.
      kill();
    }
  }

  ProcessRecord identity() {
    return identity;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Exit code of a process that ended; above 128 = ended by signal (code - 128). */
  int exitCode() {
    return process.exitValue();
  }

  /** Runs an action on another thread when the process ends. */
  void whenEnded(Runnable action) {
    CompletableFuture<Void> unused = process.onExit().thenRun(action);
  }

  /** Asks it to end (SIGTERM). */
  void terminate() {
    process.destroy();
  }

  /** Ends it (SIGKILL). */
  void kill() {
    process.destroyForcibly();
  }

  /** True if it ended within the time. */
  boolean awaitExit(Duration time) throws InterruptedException {
    return process.waitFor(Math.max(0, time.toMillis()), TimeUnit.MILLISECONDS);
  }
}
