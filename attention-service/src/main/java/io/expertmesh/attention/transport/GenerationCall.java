package io.expertmesh.attention.transport;

import io.expertmesh.attention.core.Outbox;
import io.expertmesh.attention.core.TokenEvent;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.v1.GenerateEvent;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One Generate call. The engine fills the outbox; the event loop empties it as fast as the client
 * reads and no faster.
 */
final class GenerationCall {
  private static final long OUTBOX_WEIGHT = 1 << 20;

  private final ServerCallStreamObserver<GenerateEvent> observer;
  private final Executor loop;
  private final Outbox outbox = new Outbox(OUTBOX_WEIGHT, this::schedule);
  private final Queue<GenerateEvent> messages = new ArrayDeque<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private boolean closed;

  GenerationCall(ServerCallStreamObserver<GenerateEvent> observer, Executor loop) {
    this.observer = observer;
    this.loop = loop;
  }

  Outbox outbox() {
    return outbox;
  }

  private void schedule() {
    if (!scheduled.getAndSet(true)) {
      loop.execute(
          () -> {
            scheduled.set(false);
            drain();
          });
    }
  }

  /** Sends what the client has room for. On the event loop. */
  void drain() {
    while (!closed && !observer.isCancelled()) {
      if (outbox.onlyEndIsLeft() && (messages.isEmpty() || outbox.cut())) {
        close();
        return;
      }
      if (!observer.isReady() || !sendNext()) {
        return;
      }
    }
  }

  private boolean sendNext() {
    if (messages.isEmpty()) {
      TokenEvent event = outbox.poll();
      if (event == null) {
        return false;
      }
      messages.addAll(GenerationMessages.events(event));
    }
    GenerateEvent message = messages.poll();
    if (message != null) {
      observer.onNext(message);
    }
    return true;
  }

  /** The end does not wait for room: a reader that stopped reading is let go. */
  private void close() {
    TokenEvent event = outbox.poll();
    if (event == null) {
      return;
    }
    closed = true;
    if (event instanceof TokenEvent.Failed failed) {
      observer.onError(GrpcErrors.toGrpc(new MeshException(failed.code(), failed.message())));
      return;
    }
    GenerationMessages.events(event).forEach(observer::onNext);
    observer.onCompleted();
  }
}
