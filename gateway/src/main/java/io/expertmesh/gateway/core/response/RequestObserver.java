package io.expertmesh.gateway.core.response;

/** Hears what a request cost, for metrics. Times are nanoseconds. Thread-safe. */
public interface RequestObserver {
  /** The first token of a request is out. */
  void firstToken(long nanosSinceStart);

  /** A further token of a choice is out. */
  void nextToken(long nanosSinceLast);

  /**
   * The request is over.
   *
   * @param outcome {@code ok}, {@code cancelled}, or the code of the error
   */
  void over(String outcome, long nanosSinceStart, Usage usage);
}
