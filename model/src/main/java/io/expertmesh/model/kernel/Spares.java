package io.expertmesh.model.kernel;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Things that one thread at a time works with. There come to be as many as were ever in use
 * together; after that nothing is allocated.
 */
final class Spares<T> {
  private final Supplier<T> maker;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<T> free = new ArrayDeque<>();

  Spares(Supplier<T> maker) {
    this.maker = maker;
  }

  /** One that nobody else has until it is given back. */
  T take() {
    lock.lock();
    try {
      T spare = free.pollLast();
      if (spare != null) {
        return spare;
      }
    } finally {
      lock.unlock();
    }
    return maker.get();
  }

  /** Gives back what was taken. */
  void give(T spare) {
    lock.lock();
    try {
      free.addLast(spare);
    } finally {
      lock.unlock();
    }
  }
}
