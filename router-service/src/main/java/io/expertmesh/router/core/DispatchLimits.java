package io.expertmesh.router.core;

import io.expertmesh.protocol.core.RowLimits;

/**
 * Bounds of a dispatcher.
 *
 * @param maxPayloadBytes rows of the largest message to a replica and of its answer; larger work is
 *     split
 * @param maxRowsInFlight rows of all calls in flight; more are refused as OVERLOADED
 * @param spreadRows rows of one call for one expert that a replica is given at least; from twice as
 *     many on, the replicas of the expert share them
 */
public record DispatchLimits(int maxPayloadBytes, int maxRowsInFlight, int spreadRows) {
  /** So many rows cost an expert about what one costs, so fewer are not worth a second message. */
  public static final int SPREAD_ROWS = 16;

  /** Of a pair in a header: two numbers of up to five bytes. */
  private static final int PAIR_BYTES = 10;

  public DispatchLimits {
    if (maxPayloadBytes <= 0 || maxRowsInFlight <= 0 || spreadRows <= 0) {
      throw new IllegalArgumentException(
          "limits of %d bytes, %d rows in flight and %d rows to spread"
              .formatted(maxPayloadBytes, maxRowsInFlight, spreadRows));
    }
  }

  /** Limits with {@link #SPREAD_ROWS}. */
  public DispatchLimits(int maxPayloadBytes, int maxRowsInFlight) {
    this(maxPayloadBytes, maxRowsInFlight, SPREAD_ROWS);
  }

  /** The same, but spreading from another number of rows on. */
  public DispatchLimits spreading(int rows) {
    return new DispatchLimits(maxPayloadBytes, maxRowsInFlight, rows);
  }

  /** What the protocol allows in a message, and what 64 of them carry at width 1024 in fp32. */
  public static DispatchLimits standard() {
    return new DispatchLimits(RowLimits.MAX_PAYLOAD_BYTES, 1 << 14);
  }

  /** Pairs that fit into one message; the answer, one row per pair, is what fills first. */
  int pairsPerMessage(RoutedModel model) {
    int rows = Math.max(1, maxPayloadBytes / model.rowBytes());
    return Math.min(rows, RowLimits.MAX_HEADER_BYTES / 2 / PAIR_BYTES);
  }
}
