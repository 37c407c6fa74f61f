package io.expertmesh.protocol.core;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Tells when a service has had nothing to do for a while, so that what can be done at any time is
 * done then. Before its first work a longer while is asked for: others are still starting, on the
 * same processors. For one thread.
 */
public final class Quiet {
  private static final long AFTER_WORK_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long AFTER_START_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final long POLL_MILLIS = 250;

  private final StatusBoard board;
  private final LongSupplier nanoClock;
  private long tokens;
  private long since;

  /**
   * @param board counts the tokens of the service and those in flight
   */
  public Quiet(StatusBoard board, LongSupplier nanoClock) {
    this.board = Objects.requireNonNull(board, "board");
    this.nanoClock = Objects.requireNonNull(nanoClock, "nanoClock");
    since = nanoClock.getAsLong();
  }

  /** True if nothing was computed, and nothing was in flight, for long enough. */
  public boolean now() {
    long total = board.tokensTotal();
    long time = nanoClock.getAsLong();
    if (total != tokens || board.inFlight() > 0) {
      tokens = total;
      since = time;
    }
    return time - since >= (tokens == 0 ? AFTER_START_NANOS : AFTER_WORK_NANOS);
  }

  /** Returns when {@link #now} is true. */
  public void await() throws InterruptedException {
    while (!now()) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }
}
