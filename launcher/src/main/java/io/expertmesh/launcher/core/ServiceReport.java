package io.expertmesh.launcher.core;

import java.util.Objects;

/**
 * What a service says of itself.
 *
 * @param state starting, loading, packing, self-test, waiting, ready, draining or failed
 * @param detail a few words on the state; may be empty
 * @param progress 0 to 1 of loading and packing
 * @param tokensPerSecond over the last seconds
 * @param queueDepth what waits
 * @param p50Millis median time of one step or call
 * @param p99Millis 99th percentile of the same
 * @param residentBytes memory of the process
 */
public record ServiceReport(
    String state,
    String detail,
    double progress,
    double tokensPerSecond,
    int queueDepth,
    double p50Millis,
    double p99Millis,
    long residentBytes) {
  /** The state of a service that takes requests. */
  public static final String READY = "ready";

  /** The state of a service that is itself complete, but for what others do. */
  public static final String WAITING = "waiting";

  /** The state of a service that gave up. */
  public static final String FAILED = "failed";

  public ServiceReport {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(detail, "detail");
  }

  /** A report that says only how far a service is. */
  public static ServiceReport of(String state) {
    return new ServiceReport(state, "", 0, 0, 0, 0, 0, 0);
  }

  /** State and detail in a few words, cut to a length. */
  public String words(int mostChars) {
    String words = detail.isBlank() || ready() ? state : state + ": " + detail;
    return words.length() <= mostChars ? words : words.substring(0, mostChars - 3) + "...";
  }

  /** True if it takes requests. */
  public boolean ready() {
    return state.equals(READY);
  }
}
