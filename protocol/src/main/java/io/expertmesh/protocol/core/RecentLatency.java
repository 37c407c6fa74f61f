package io.expertmesh.protocol.core;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * Latencies of the last ten to twenty seconds. Any thread records, without blocking; readers must
 * be serialised by the caller.
 */
final class RecentLatency {
  private static final long ROTATE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long MAX_MICROS = TimeUnit.MINUTES.toMicros(10);

  private final Recorder recorder = new Recorder(MAX_MICROS, 3);
  private Histogram current = new Histogram(MAX_MICROS, 3);
  private Histogram previous = new Histogram(MAX_MICROS, 3);
  private @Nullable Histogram recycled;
  private long rotatedAt;

  RecentLatency(long nowNanos) {
    rotatedAt = nowNanos;
  }

  void record(long nanos) {
    recorder.recordValue(Math.clamp(TimeUnit.NANOSECONDS.toMicros(nanos), 0, MAX_MICROS));
  }

  /** The histogram of microseconds; valid until the next call. */
  Histogram recent(long nowNanos) {
    Histogram interval = recorder.getIntervalHistogram(recycled);
    recycled = interval;
    if (nowNanos - rotatedAt >= ROTATE_NANOS) {
      Histogram oldest = previous;
      previous = current;
      current = oldest;
      current.reset();
      if (nowNanos - rotatedAt >= 2 * ROTATE_NANOS) {
        previous.reset();
      }
      rotatedAt = nowNanos;
    }
    current.add(interval);
    Histogram both = previous.copy();
    both.add(current);
    return both;
  }
}
