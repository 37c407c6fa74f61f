package io.expertmesh.protocol.core.trace;

/**
 * Makes spans: what happened to one request in one process, as times and counts. Nothing that came
 * with a request or was computed for it may be put into a span: no text, no ids, no experts.
 * Thread-safe.
 */
public interface Tracing extends AutoCloseable {
  /** Tracing that is not asked for. */
  static Tracing off() {
    return NoTracing.OFF;
  }

  /** Which side of a call a span is. */
  enum Side {
    /** Of whoever is asked. */
    SERVER,
    /** Of whoever asks. */
    CLIENT
  }

  /**
   * A span that begins now.
   *
   * @param name of the operation, one of few
   * @param parent {@code traceparent} of W3C Trace Context; empty, or anything that is none, begins
   *     a trace
   */
  TraceSpan begin(String name, Side side, String parent);

  /** Sends what waits, for a moment, and ends. */
  @Override
  void close();
}
