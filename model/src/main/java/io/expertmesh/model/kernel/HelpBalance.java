package io.expertmesh.model.kernel;

/**
 * Weighs whether threads of low priority help or hinder. One that is kept from a part it has begun,
 * because others want its processor, keeps the caller waiting longer than the caller would have
 * taken itself. If that becomes a habit, the threads are sent away for a while: a second at first,
 * twice as long each time that it has not become better. For one thread.
 */
final class HelpBalance {
  static final long FIRST_LEAVE_NANOS = 1_000_000_000L;
  static final long LONGEST_LEAVE_NANOS = 64_000_000_000L;

  /** Of computing and waiting together, which is looked at as a whole. */
  static final long WINDOW_NANOS = 250_000_000L;

  private static final int TOLERATED_PART = 4;

  /** What one part of the caller took: another thread's takes no longer unless it is kept. */
  private long partNanos;

  private long worked;
  private long lost;
  private long leave = FIRST_LEAVE_NANOS;
  private long backAt;
  private boolean away;

  /**
   * A run of the pool has ended.
   *
   * @param parts that the caller computed itself
   * @param workNanos that it took for them
   * @param waitNanos that it then waited for parts of others
   */
  void ran(int parts, long workNanos, long waitNanos) {
    partNanos = parts > 0 ? workNanos / parts : partNanos;
    worked += workNanos;
    lost += Math.max(0, waitNanos - partNanos);
  }

  /** True if the threads may help with what begins now. */
  boolean allows(long nowNanos) {
    if (away) {
      if (nowNanos - backAt < 0) {
        return false;
      }
      away = false;
      forget();
    } else if (worked + lost >= WINDOW_NANOS) {
      judge(nowNanos);
    }
    return !away;
  }

  private void judge(long nowNanos) {
    if (lost > worked / TOLERATED_PART) {
      away = true;
      backAt = nowNanos + leave;
      leave = Math.min(LONGEST_LEAVE_NANOS, 2 * leave);
    } else {
      leave = FIRST_LEAVE_NANOS;
    }
    forget();
  }

  private void forget() {
    worked = 0;
    lost = 0;
  }
}
