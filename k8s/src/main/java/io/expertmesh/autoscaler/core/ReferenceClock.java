package io.expertmesh.autoscaler.core;

import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * The broker's clock as far as it can be seen from here: our own monotonic clock, and by how much
 * the times of the newest records were ahead of it in the last minutes. Readers on machines whose
 * clocks differ thus agree on the time, and a drift between clocks is followed. Thread-safe.
 */
public final class ReferenceClock {
  private static final long WINDOW_MILLIS = 60_000;

  private final LongSupplier nanoClock;
  private long offset;
  private long previousOffset;
  private long windowFrom;
  private long told = Long.MIN_VALUE;

  /**
   * @param startMillis time to begin with, milliseconds since 1970
   * @param nanoClock monotonic time
   */
  public ReferenceClock(long startMillis, LongSupplier nanoClock) {
    this.nanoClock = Objects.requireNonNull(nanoClock, "nanoClock");
    set(startMillis);
  }

  private long ownMillis() {
    return Math.floorDiv(nanoClock.getAsLong(), 1_000_000L);
  }

  /** Begins anew at a time, which may be earlier. */
  public final synchronized void set(long millis) {
    windowFrom = ownMillis();
    offset = millis - windowFrom;
    previousOffset = offset;
    told = millis;
  }

  /** The broker put this time on a record a moment ago. */
  public synchronized void saw(long millis) {
    long own = ownMillis();
    if (own - windowFrom >= WINDOW_MILLIS) {
      windowFrom = own;
      previousOffset = offset;
      offset = millis - own;
    } else {
      offset = Math.max(offset, millis - own);
    }
  }

  /** The time, which never goes back. */
  public synchronized long nowMillis() {
    told = Math.max(told, ownMillis() + Math.max(offset, previousOffset));
    return told;
  }
}
