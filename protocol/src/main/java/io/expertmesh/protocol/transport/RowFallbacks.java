package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.StatusBoard;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts how often rows did not take the direct way between network buffers and float arrays. Over
 * Netty, with peers of this mesh, all of these stay zero: a rise means that a library update took
 * the fast path away.
 */
public final class RowFallbacks {
  private final Map<Reason, LongAdder> counts = new EnumMap<>(Reason.class);

  /** Why a message took the slow way. */
  public enum Reason {
    /** The transport pulled bytes instead of letting us write into its buffer. */
    NOT_DRAINED,
    /** The stream of a received message did not tell its length. */
    LENGTH_UNKNOWN,
    /** The stream of a received message gave no byte buffers. */
    NO_BYTE_BUFFERS,
    /** The sender wrote other fields after the rows. Legal, but then the rows must be copied. */
    ROWS_NOT_LAST
  }

  public RowFallbacks() {
    for (Reason reason : Reason.values()) {
      counts.put(reason, new LongAdder());
    }
  }

  void add(Reason reason) {
    adder(reason).increment();
  }

  /** Messages that took the slow way for this reason. */
  public long count(Reason reason) {
    return adder(reason).sum();
  }

  /** Messages that took the slow way for any reason. */
  public long total() {
    return counts.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** Shows the total on a board, as {@code marshaller_fallbacks}. */
  public void showOn(StatusBoard board) {
    board.counter("marshaller_fallbacks", this::total);
  }

  private LongAdder adder(Reason reason) {
    return counts.getOrDefault(reason, new LongAdder());
  }
}
