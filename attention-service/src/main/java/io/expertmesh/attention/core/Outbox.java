package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A bounded buffer between the engine's thread and the one thread that reads a request's events.
 */
public final class Outbox implements TokenSink {
  private final Queue<TokenEvent> events = new ConcurrentLinkedQueue<>();
  private final AtomicLong weight = new AtomicLong();
  private final long capacity;
  private final Runnable arrived;
  private volatile boolean cut;

  /**
   * @param capacity tokens and alternatives that may wait
   * @param arrived called after every event, on the engine's thread
   */
  public Outbox(long capacity, Runnable arrived) {
    this.capacity = capacity;
    this.arrived = arrived;
  }

  @Override
  public boolean accept(TokenEvent event) {
    boolean end = event instanceof TokenEvent.End;
    // A single event may be larger than the bound; it is taken if nothing else waits.
    if (!end && weight.get() > 0 && weight.get() + event.weight() > capacity) {
      return false;
    }
    if (event instanceof TokenEvent.Failed failed && failed.code() == ErrorCode.CANCELLED) {
      cut = true;
      drop();
    }
    weight.addAndGet(event.weight());
    events.add(event);
    arrived.run();
    return true;
  }

  @Override
  public boolean congested() {
    return weight.get() > capacity / 2;
  }

  /**
   * True if the next event is the {@link TokenEvent.End}. If false, it may be so an instant later.
   */
  public boolean onlyEndIsLeft() {
    return events.peek() instanceof TokenEvent.End;
  }

  /** True if the request was cancelled, so that what was not read before is of no use. */
  public boolean cut() {
    return cut;
  }

  /** The next event, or null if none waits. */
  public @Nullable TokenEvent poll() {
    TokenEvent event = events.poll();
    if (event != null) {
      weight.addAndGet(-event.weight());
    }
    return event;
  }

  private void drop() {
    TokenEvent dropped = poll();
    while (dropped != null) {
      dropped = poll();
    }
  }
}
