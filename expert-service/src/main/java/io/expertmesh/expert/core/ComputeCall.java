package io.expertmesh.expert.core;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call: pairs of (row, expert) of one message. Made by the caller, then owned by the queue
 * until it has ended; after that its outcome and results are read by the caller alone.
 */
public final class ComputeCall {
  private final Object source;
  private final float[] rows;
  private final int rowsOffset;
  private final int[] pairRows;
  private final int[] pairBlocks;
  private final int width;
  private final long deadlineNanos;
  private final Consumer<ComputeCall> onEnd;
  private final float[] results;

  private long offeredAt;
  private long startedAt;
  private long computeNanos;
  private int waiting;
  private int done;
  private @Nullable CallOutcome outcome;
  private String error = "";

  /**
   * A call with an array of its own for the results.
   *
   * @see #ComputeCall(Object, float[], int, int, int[], int[], float[], long, Consumer)
   */
  public ComputeCall(
      Object source,
      float[] rows,
      int rowsOffset,
      int width,
      int[] pairRows,
      int[] pairBlocks,
      long deadlineNanos,
      Consumer<ComputeCall> onEnd) {
    this(
        source,
        rows,
        rowsOffset,
        width,
        pairRows,
        pairBlocks,
        new float[Math.multiplyExact(pairRows.length, width)],
        deadlineNanos,
        onEnd);
  }

  /**
   * A call that is not offered yet.
   *
   * @param source whoever sent it; {@link BatchQueue#cancel} takes back all calls of one source
   * @param rows input rows from {@code rowsOffset}, {@code width} floats each; not changed until
   *     the call has ended
   * @param pairRows row of each pair
   * @param pairBlocks block number of each pair's expert, as {@link ShardSpec#block} tells it
   * @param results receives {@code pairs × width} floats from index 0; if the call ends as
   *     COMPLETED it is not written any more, and {@code rows} not read
   * @param deadlineNanos time on the queue's clock after which it must not be started; {@link
   *     Long#MAX_VALUE} for none
   * @param onEnd told when the call has ended, once
   */
  public ComputeCall(
      Object source,
      float[] rows,
      int rowsOffset,
      int width,
      int[] pairRows,
      int[] pairBlocks,
      float[] results,
      long deadlineNanos,
      Consumer<ComputeCall> onEnd) {
    this.source = Objects.requireNonNull(source, "source");
    this.rows = Objects.requireNonNull(rows, "rows");
    this.rowsOffset = rowsOffset;
    this.width = width;
    this.pairRows = Objects.requireNonNull(pairRows, "pairRows");
    this.pairBlocks = Objects.requireNonNull(pairBlocks, "pairBlocks");
    this.deadlineNanos = deadlineNanos;
    this.onEnd = Objects.requireNonNull(onEnd, "onEnd");
    if (pairRows.length != pairBlocks.length) {
      throw new IllegalArgumentException(
          pairRows.length + " rows for " + pairBlocks.length + " blocks of pairs");
    }
    this.results = results;
    Objects.checkFromIndexSize(0, Math.multiplyExact(pairRows.length, width), results.length);
  }

  /** Pairs of the call. */
  public int pairs() {
    return pairRows.length;
  }

  /**
   * One unweighted row per pair, in the order of the pairs, from index 0; complete after COMPLETED
   * only.
   */
  public float[] results() {
    return results;
  }

  /** How it ended. */
  public CallOutcome outcome() {
    return Objects.requireNonNull(outcome, "the call has not ended");
  }

  /** A sentence about what went wrong, or empty. */
  public String error() {
    return error;
  }

  /**
   * Time from its admission until its first pair was started (or until it ended), in nanoseconds.
   */
  public long queueNanos() {
    return startedAt - offeredAt;
  }

  /** Time that the batches took in which its pairs were computed, in nanoseconds. */
  public long computeNanos() {
    return computeNanos;
  }

  /** Tells its caller that it has ended. */
  void deliver() {
    onEnd.accept(this);
  }

  Object source() {
    return source;
  }

  int block(int pair) {
    return pairBlocks[pair];
  }

  boolean hasEnded() {
    return outcome != null;
  }

  boolean isExpired(long nowNanos) {
    // Nano clocks may wrap, so the difference is compared; "none" must not take part in that.
    return deadlineNanos != Long.MAX_VALUE && nowNanos - deadlineNanos >= 0;
  }

  long offeredAt() {
    return offeredAt;
  }

  int waiting() {
    return waiting;
  }

  void admitted(long nowNanos) {
    offeredAt = nowNanos;
    waiting = pairs();
  }

  void pairStarted(long nowNanos) {
    if (waiting == pairs()) {
      startedAt = nowNanos;
    }
    waiting--;
  }

  /**
   * @return true if this was its last pair
   */
  boolean pairDone() {
    done++;
    return done == pairs();
  }

  void addComputeNanos(long nanos) {
    computeNanos += nanos;
  }

  void end(CallOutcome how, String sentence, long nowNanos) {
    if (outcome != null) {
      throw new IllegalStateException("a call that ended as " + outcome + " cannot end as " + how);
    }
    if (waiting == pairs()) {
      startedAt = nowNanos;
    }
    outcome = how;
    error = sentence;
  }

  void copyInput(int pair, float[] target, int index) {
    System.arraycopy(rows, rowsOffset + pairRows[pair] * width, target, index * width, width);
  }

  void copyResult(int pair, float[] computed, int index) {
    System.arraycopy(computed, index * width, results, pair * width, width);
  }
}
