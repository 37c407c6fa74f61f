package io.expertmesh.launcher.core;

import java.time.Instant;
import java.util.Optional;

/**
 * A process that can be recognised later: ids are reused, so the start time belongs to it.
 *
 * @param pid process id; 0 = no process
 * @param startMillis start time, milliseconds since 1970; 0 = unknown
 */
public record ProcessRecord(long pid, long startMillis) {
  /** Start times are read from the kernel's clock ticks and may be rounded differently. */
  private static final long TOLERANCE_MILLIS = 2_000;

  /** No process. */
  public static final ProcessRecord NONE = new ProcessRecord(0, 0);

  /** The record of a living process. */
  public static ProcessRecord of(ProcessHandle process) {
    long start = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return new ProcessRecord(process.pid(), start);
  }

  /** The process, if it still lives and its id was not given to another one. */
  public Optional<ProcessHandle> find() {
    if (pid <= 0) {
      return Optional.empty();
    }
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(this::sameStart);
  }

  private boolean sameStart(ProcessHandle process) {
    long start = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return startMillis == 0 || start == 0 || Math.abs(start - startMillis) <= TOLERANCE_MILLIS;
  }
}
