package io.expertmesh.model.kernel;

/** Makes compute pools. */
public final class ComputePools {
  /** More threads than any machine has: a value beyond it is a mistake. */
  private static final int MOST_THREADS = 1024;

  private ComputePools() {}

  /**
   * A pool of fixed platform threads that claim parts one by one. A thread that finds nothing to do
   * spins for some microseconds and then sleeps, so that many processes can share few cores.
   *
   * @param threads threads that work on a run, the calling thread included; 0 for as many as the
   *     machine has cores
   */
  public static ComputePool of(int threads) {
    return of(threads, 0);
  }

  /**
   * The same with further threads of low priority, which use processors that would be idle. They
   * are left out where the system has no such threads, and while more is lost than gained by them.
   *
   * @param threads as above
   * @param helpers threads of low priority, 0 for none
   */
  public static ComputePool of(int threads, int helpers) {
    if (threads < 0 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "threads is " + threads + ", must be 0 (all cores) to " + MOST_THREADS);
    }
    if (helpers < 0 || helpers > MOST_THREADS) {
      throw new IllegalArgumentException(
          "helpers is " + helpers + ", must be 0 to " + MOST_THREADS);
    }
    int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    return ClaimingPool.start(count, LowPriority.available() ? helpers : 0);
  }
}
