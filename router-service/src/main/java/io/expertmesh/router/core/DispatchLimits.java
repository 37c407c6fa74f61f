package io.expertmesh.router.core;

/**
 * Bounds of a dispatcher.
 *
 * @param maxMessageBytes largest message to a replica and back; larger work is split
 * @param maxRowsInFlight rows of all calls in flight; more are refused as OVERLOADED
 */
public record DispatchLimits(int maxMessageBytes, int maxRowsInFlight) {
  private static final int HEADER_BYTES = 256;
  private static final int PAIR_BYTES = 10;

  public DispatchLimits {
    if (maxMessageBytes <= HEADER_BYTES || maxRowsInFlight <= 0) {
      throw new IllegalArgumentException(
          "limits of " + maxMessageBytes + " bytes and " + maxRowsInFlight + " rows");
    }
  }

  /** Messages of 1 MiB, and what 64 of them carry at width 1024 in fp32. */
  public static DispatchLimits standard() {
    return new DispatchLimits(1 << 20, 1 << 14);
  }

  /** Pairs that fit into one message; the answer, one row per pair, is what fills first. */
  int pairsPerMessage(RoutedModel model) {
    return Math.max(1, (maxMessageBytes - HEADER_BYTES) / (model.rowBytes() + PAIR_BYTES));
  }
}
