package io.expertmesh.attention.transport;

import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.attention.core.RoutedCall;
import io.expertmesh.attention.core.RoutedRows;
import io.expertmesh.attention.core.RowAssignments;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.RoutedReply;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A batch on its way: filled part by part on the event loop, awaited by the thread that made it.
 */
final class RemoteCall implements RoutedCall {
  private static final int SPINS = 200;
  private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(10);

  private final RoutedBatch batch;
  private final int width;
  private final Consumer<float[]> lender;
  private final Thread waiter = Thread.currentThread();
  private final long giveUpAt;
  private final BitSet unavailable = new BitSet();
  private final BitSet nonFinite = new BitSet();
  private final ReplyAssignments assignments = new ReplyAssignments();
  private String detail = "";
  private float[] rows = new float[0];
  private int partsLeft;
  private @Nullable MeshException failure;
  private volatile boolean done;
  private volatile boolean abandoned;

  /**
   * @param lender is told of the rows that are handed out, on the thread that awaited them
   */
  RemoteCall(RoutedBatch batch, int width, int parts, Consumer<float[]> lender) {
    this.batch = batch;
    this.lender = lender;
    this.width = width;
    this.partsLeft = parts;
    this.giveUpAt = System.nanoTime() + LONGEST_WAIT;
  }

  RoutedBatch batch() {
    return batch;
  }

  /** True if nobody waits for the result any more. */
  boolean over() {
    return done || abandoned;
  }

  /** Takes the reply to one part. On the event loop. */
  void complete(RoutedPart part, RowMessage<RoutedReply> message) {
    RoutedReply reply = message.header();
    if (over()) {
      return;
    }
    if (message.length() != part.rows() * width || reply.getRowCount() != part.rows()) {
      fail(
          new MeshException(
              ErrorCode.INTERNAL,
              "a router answered %d rows of width %d for %d of width %d"
                  .formatted(reply.getRowCount(), reply.getWidth(), part.rows(), width)));
      return;
    }
    if (batch.choices() > 0 && !assignments.take(part, reply)) {
      fail(new MeshException(ErrorCode.INTERNAL, "a router answered without sound assignments"));
      return;
    }
    if (part.rows() == batch.rowCount() && message.offset() == 0) {
      rows = message.rows();
    } else {
      if (rows.length == 0) {
        rows = RowServices.BUFFERS.take(batch.rowCount() * width);
      }
      System.arraycopy(
          message.rows(), message.offset(), rows, part.firstRow() * width, message.length());
      RowServices.BUFFERS.give(message.rows());
    }
    for (int row : reply.getUnavailableRowsList()) {
      unavailable.set(part.firstRow() + row);
    }
    for (int row : reply.getNonFiniteRowsList()) {
      nonFinite.set(part.firstRow() + row);
    }
    if (detail.isEmpty()) {
      detail = reply.getUnavailableDetail();
    }
    if (--partsLeft == 0) {
      finish();
    }
  }

  /** Ends the call. On the event loop. */
  void fail(MeshException why) {
    if (!over()) {
      failure = why;
      finish();
    }
  }

  @Override
  public RoutedRows await() {
    int spins = 0;
    while (!done) {
      if (spins < SPINS) {
        spins++;
        Thread.onSpinWait();
        continue;
      }
      long left = Math.min(giveUpAt, batch.deadlineNanos()) - System.nanoTime();
      if (left <= 0) {
        abandoned = true;
        throw new MeshException(
            ErrorCode.SERVICE_UNAVAILABLE,
            "no router answered for layer " + batch.layer() + " in time");
      }
      LockSupport.parkNanos(this, left);
    }
    MeshException why = failure;
    if (why != null) {
      throw why;
    }
    lender.accept(rows);
    Optional<RowAssignments> told =
        batch.choices() > 0 ? Optional.of(assignments.all(batch.rowCount())) : Optional.empty();
    return new RoutedRows(rows, unavailable, nonFinite, detail, told);
  }

  private void finish() {
    done = true;
    LockSupport.unpark(waiter);
  }
}
