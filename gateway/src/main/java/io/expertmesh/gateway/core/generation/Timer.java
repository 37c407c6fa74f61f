package io.expertmesh.gateway.core.generation;

/** Time, injected. */
public interface Timer {
  /** Now, on a monotonic clock, in nanoseconds. */
  long nanos();

  /** Runs a task once after a delay. */
  void after(long millis, Runnable task);
}
