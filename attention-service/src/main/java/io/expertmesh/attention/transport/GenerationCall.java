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

  /** Sends what the client has room for; an end does not wait for room. On the event loop. */
  void drain() {
    while (!closed && !observer.isCancelled()) {
      boolean end = outbox.onlyEndIsLeft() && (messages.isEmpty() || outbox.cut());
      if (!end && !observer.isReady()) {
        return;
      }
      if (end || messages.isEmpty()) {
        if (!take()) {
          return;
        }
      } else {
        observer.onNext(messages.remove());
      }
    }
  }

  /** Takes an event; it can be an end that was not there a moment ago. False if none waits. */
  private boolean take() {
    TokenEvent event = outbox.poll();
    switch (event) {
      case null -> {
        return false;
      }
      case TokenEvent.Failed failed -> {
        closed = true;
        observer.onError(GrpcErrors.toGrpc(new MeshException(failed.code(), failed.message())));
      }
      case TokenEvent.Finished finished -> {
        closed = true;
        GenerationMessages.events(finished).forEach(observer::onNext);
        observer.onCompleted();
      }
      case TokenEvent.PromptScored _, TokenEvent.Routed _, TokenEvent.Generated _ ->
          messages.addAll(GenerationMessages.events(event));
    }
    return true;
  }
}
