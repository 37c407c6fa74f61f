package io.expertmesh.protocol.core.trace;

/**
 * One operation of one request. To be ended once, by whoever began it; what comes afterwards is
 * ignored. Thread-safe.
 */
public interface TraceSpan {
  /** The span of a request that is not traced. */
  static TraceSpan none() {
    return NoTracing.NoSpan.NONE;
  }

  /** What to give to whoever is asked next, as their parent; empty if nobody traces. */
  String traceparent();

  /** Adds a number. */
  void put(String key, long value);

  /** Adds a word, one of few: a method, a status, a reason. */
  void put(String key, String word);

  /** Something happened now. */
  void event(String name);

  /**
   * The operation failed.
   *
   * @param code why, one of few words
   */
  void failed(String code);

  /** It is over. */
  void end();
}
