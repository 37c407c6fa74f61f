package io.expertmesh.expert.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.ExpertReply;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;

/**
 * Replies of one stream, sent by any thread, never faster than the router reads. What cannot be
 * sent yet waits here up to a bound; a router that does not read at all loses its stream.
 */
final class ReplyStream {
  /** Floats that may wait to be sent. */
  private static final long MAX_WAITING_FLOATS = 16 << 20;

  private final ServerCallStreamObserver<RowMessage<ExpertReply>> replies;
  private final ArrayDeque<RowMessage<ExpertReply>> waiting = new ArrayDeque<>();
  private long waitingFloats;
  private boolean closed;

  ReplyStream(ServerCallStreamObserver<RowMessage<ExpertReply>> replies) {
    this.replies = replies;
  }

  /** Sends a reply, now or when the router has read what came before. Dropped after the end. */
  synchronized void send(RowMessage<ExpertReply> reply) {
    if (closed || replies.isCancelled()) {
      return;
    }
    if (waiting.isEmpty() && replies.isReady()) {
      write(reply);
      return;
    }
    waiting.add(reply);
    waitingFloats += reply.length();
    if (waitingFloats > MAX_WAITING_FLOATS) {
      fail(
          new MeshException(
              ErrorCode.OVERLOADED,
              "The router does not read its replies: more than %d MiB wait for it."
                  .formatted((MAX_WAITING_FLOATS * Float.BYTES) >> 20)));
    }
  }

  /** Sends what waits, as far as the router is ready. */
  synchronized void flush() {
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
