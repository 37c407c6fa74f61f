package io.expertmesh.launcher.core;

import java.util.ArrayDeque;

/** Times of the last seconds. Thread-safe. */
public final class LatencyWindow {
  private record Entry(long atNanos, long nanos) {}

  private final long spanNanos;
  private final ArrayDeque<Entry> entries = new ArrayDeque<>();

  /**
   * @param spanNanos how far back entries count
   */
  public LatencyWindow(long spanNanos) {
    this.spanNanos = spanNanos;
  }

  /** Something took so long, and ended now. */
  public synchronized void add(long nowNanos, long nanos) {
    entries.add(new Entry(nowNanos, nanos));
    forget(nowNanos);
  }

  private void forget(long nowNanos) {
    while (!entries.isEmpty() && nowNanos - entries.getFirst().atNanos() > spanNanos) {
      entries.removeFirst();
    }
  }

  /** Entries of the last seconds. */
  public synchronized int count(long nowNanos) {
    forget(nowNanos);
    return entries.size();
  }

  /**
   * A percentile in milliseconds; 0 if there is none.
   *
   * @param part 0 to 1
   */
  public synchronized double percentileMillis(long nowNanos, double part) {
    forget(nowNanos);
    if (entries.isEmpty()) {
      return 0;
    }
    long[] sorted = entries.stream().mapToLong(Entry::nanos).sorted().toArray();
    int index = Math.clamp((int) Math.ceil(part * sorted.length) - 1, 0, sorted.length - 1);
    return sorted[index] / 1e6;
  }
}
