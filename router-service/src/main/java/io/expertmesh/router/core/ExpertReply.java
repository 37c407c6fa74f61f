package io.expertmesh.router.core;

import java.util.Objects;

/**
 * What a replica answers to one {@link ExpertCall}.
 *
 * @param status how it went
 * @param error a sentence, if it did not go well
 * @param rowCount rows in the answer: one unweighted row per pair of the call, in its order
 * @param width floats per row
 * @param weightsVersion version of the weights that computed it
 * @param rows {@code rowCount × width} values from {@code offset}; the dispatcher reads them until
 *     it {@linkplain ExpertLink#release releases} the array
 * @param offset first float of the rows
 * @param length floats of the rows
 */
public record ExpertReply(
    Status status,
    String error,
    int rowCount,
    int width,
    long weightsVersion,
    float[] rows,
    int offset,
    int length) {
  private static final float[] NO_ROWS = {};

  public ExpertReply {
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(error, "error");
    Objects.checkFromIndexSize(offset, length, rows.length);
  }

  /** An answer with rows. */
  public static ExpertReply ok(
      int rowCount, int width, long weightsVersion, float[] rows, int offset, int length) {
    return new ExpertReply(Status.OK, "", rowCount, width, weightsVersion, rows, offset, length);
  }

  /** An answer without rows. */
  public static ExpertReply failed(Status status, String error) {
    return new ExpertReply(status, error, 0, 0, 0, NO_ROWS, 0, 0);
  }

  /** How a call of a replica went. */
  public enum Status {
    OK,
    /** The replica's queue is full. */
    OVERLOADED,
    /** The deadline passed before the replica started. */
    DEADLINE_EXCEEDED,
    /** The replica leaves. */
    DRAINING,
    /** The replica holds the call for wrong. */
    INVALID,
    /** The computation failed. */
    INTERNAL
  }
}
