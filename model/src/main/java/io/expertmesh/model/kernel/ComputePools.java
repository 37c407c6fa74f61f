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
    if (threads < 0 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "threads is " + threads + ", must be 0 (all cores) to " + MOST_THREADS);
    }
    int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    return ClaimingPool.start(count);
  }
}
