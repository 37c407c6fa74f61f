package io.expertmesh.protocol.core;

/** Where the numbers of load events come from. Asked by one thread, once per interval. */
@FunctionalInterface
public interface LoadSource {
  /** What happened since the last call. */
  LoadSample take();

  /** The tokens and the latency that a board counts, for services that count nothing else. */
  static LoadSource of(StatusBoard board) {
    long[] seen = new long[1];
    return () -> {
      ServiceSnapshot now = board.snapshot();
      long tokens = now.tokensTotal() - seen[0];
      seen[0] = now.tokensTotal();
      return LoadSample.ofTokens(tokens, now.p99Millis(), now.inFlight());
    };
  }
}
