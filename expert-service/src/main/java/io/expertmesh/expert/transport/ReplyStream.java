package io.expertmesh.expert.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.ExpertReply;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/**
 * Replies of one stream, given by any thread and sent by the event loop, never faster than the
 * router reads. What cannot be sent yet waits here up to a bound; a router that does not read at
 * all loses its stream.
 *
 * <p>The computing thread does not send itself: gRPC would hand each of the steps of a message to
 * the event loop separately, which wakes it up to three times where once will do.
 */
final class ReplyStream {
  /** Floats that may wait to be sent. */
  private static final long MAX_WAITING_FLOATS = 16 << 20;

  private final ServerCallStreamObserver<RowMessage<ExpertReply>> replies;
  private final Executor loop;
  private final ArrayDeque<RowMessage<ExpertReply>> waiting = new ArrayDeque<>();
  private long waitingFloats;
  private boolean closed;
  private boolean scheduled;

  /**
   * @param loop the event loop that the stream lives on
   */
  ReplyStream(ServerCallStreamObserver<RowMessage<ExpertReply>> replies, Executor loop) {
    this.replies = replies;
    this.loop = loop;
  }

  /** Sends a reply, soon or when the router has read what came before. Dropped after the end. */
  void send(RowMessage<ExpertReply> reply) {
    if (add(reply)) {
      // without the lock: the event loop may take this thread's processor at once, and needs it
      loop.execute(this::flush);
    }
  }

  /** True if the event loop has to be told. */
  private synchronized boolean add(RowMessage<ExpertReply> reply) {
    if (closed || replies.isCancelled()) {
      return false;
    }
    waiting.add(reply);
    waitingFloats += reply.length();
    if (waitingFloats > MAX_WAITING_FLOATS) {
      fail(
          new MeshException(
              ErrorCode.OVERLOADED,
              "The router does not read its replies: more than %d MiB wait for it."
                  .formatted((MAX_WAITING_FLOATS * Float.BYTES) >> 20)));
      return false;
    }
    boolean tell = !scheduled;
    scheduled = true;
    return tell;
  }

  /** Sends what waits, as far as the router is ready. On the event loop. */
  synchronized void flush() {
    scheduled = false;
    while (!closed && !waiting.isEmpty() && replies.isReady()) {
      RowMessage<ExpertReply> reply = waiting.remove();
      waitingFloats -= reply.length();
      write(reply);
    }
  }

  /** A ready stream has read the rows when this returns. */
  private void write(RowMessage<ExpertReply> reply) {
    replies.onNext(reply);
    RowServices.BUFFERS.give(reply.rows());
  }

  /** Ends the stream with an error. */
  synchronized void fail(MeshException failure) {
    if (!closed) {
      end();
      replies.onError(GrpcErrors.toGrpc(failure));
    }
  }

  /** The router has ended its side, and every call of it was answered. */
  synchronized void complete() {
    if (!closed) {
      // What waits here is given to gRPC at once: it is bounded, and nothing follows.
      waiting.forEach(replies::onNext);
      end();
      replies.onCompleted();
    }
  }

  /** The stream is gone. */
  synchronized void end() {
    closed = true;
    waiting.clear();
    waitingFloats = 0;
  }
}
