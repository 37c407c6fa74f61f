package io.expertmesh.protocol.core;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue that drops its oldest element when it is full: whoever cannot keep up reads the
 * recent past rather than the distant one. Adding never waits.
 *
 * @param <T> what is queued
 */
public final class LatestEvents<T> {
  private final int capacity;
  private final ArrayDeque<T> queue = new ArrayDeque<>();
  private long dropped;

  /**
   * @param capacity most elements that are kept, at least 1
   */
  public LatestEvents(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity is " + capacity + ", must be at least 1");
    }
    this.capacity = capacity;
  }

  /** Adds an element, at the expense of the oldest if need be. */
  public synchronized void add(T element) {
    if (queue.size() == capacity) {
      queue.remove();
      dropped++;
    }
    queue.add(element);
  }

  /** The oldest element, which is removed; null if there is none. */
  public synchronized @Nullable T poll() {
    return queue.poll();
  }

  /** Elements that wait. */
  public synchronized int size() {
    return queue.size();
  }

  /** Elements that were dropped so far. */
  public synchronized long dropped() {
    return dropped;
  }
}
