package io.expertmesh.router.core;

import java.util.Objects;

/**
 * One call of a routed layer.
 *
 * @param callId the caller's number for the call, unique per sink
 * @param layer routed layer
 * @param rowCount number of rows
 * @param rows gate input, {@code rowCount × width} from {@code offset}; must stay as it is until
 *     the call has ended
 * @param offset first float of the rows
 * @param tokenIds input token of each row; empty if the caller does not tell
 * @param groups number of the request that each row belongs to; empty if the caller does not tell
 * @param groupLengths for each run of rows with one number, rows of that request's whole prompt,
 *     which begin the run; the others of the run were generated one by one, as are all of a run of
 *     {@link #DECODING}; empty if the caller does not tell
 * @param wantAssignments the caller reads {@link RouteResult#assignments()}
 * @param arrivedNanos when the call arrived, on the dispatcher's clock
 * @param deadlineNanos when it is worthless, on the same clock; {@link #NO_DEADLINE} if never
 * @param sink who is told the outcome
 */
public record RouteRequest(
    long callId,
    int layer,
    int rowCount,
    float[] rows,
    int offset,
    int[] tokenIds,
    int[] groups,
    int[] groupLengths,
    boolean wantAssignments,
    long arrivedNanos,
    long deadlineNanos,
    RouteSink sink) {
  /** The deadline of calls that may take any time. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  /** Group length of rows that are generated one by one: the rest of the sequence is not known. */
  public static final int DECODING = 0;

  public RouteRequest {
    Objects.requireNonNull(groupLengths, "groupLengths");
    Objects.requireNonNull(rows, "rows");
    Objects.requireNonNull(tokenIds, "tokenIds");
    Objects.requireNonNull(groups, "groups");
    Objects.requireNonNull(sink, "sink");
  }

  /** A call whose caller tells nothing of its groups and does not ask for the assignments. */
  public RouteRequest(
      long callId,
      int layer,
      int rowCount,
      float[] rows,
      int offset,
      int[] tokenIds,
      int[] groups,
      long arrivedNanos,
      long deadlineNanos,
      RouteSink sink) {
    this(
        callId,
        layer,
        rowCount,
        rows,
        offset,
        tokenIds,
        groups,
        new int[0],
        false,
        arrivedNanos,
        deadlineNanos,
        sink);
  }

  /** True if the deadline is not later than {@code nanos}. */
  public boolean expired(long nanos) {
    return deadlineNanos != NO_DEADLINE && nanos - deadlineNanos >= 0;
  }
}
