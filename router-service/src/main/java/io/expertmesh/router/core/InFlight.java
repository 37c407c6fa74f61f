package io.expertmesh.router.core;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Messages that are out, by id. An id names a slot and a sequence number, so that a lookup touches
 * no map and a late reply never finds the slot's next tenant.
 */
final class InFlight {
  private static final int SLOT_BITS = 20;
  private static final int POOLED = 64;

  private @Nullable ExpertCall[] slots = new ExpertCall[16];
  private int[] free = new int[16];
  private int freeCount;
  private int used;
  private long sequence;
  private final ArrayDeque<ExpertCall> pool = new ArrayDeque<>();

  /** A message of its own id, out from now on. */
  ExpertCall open(Replica replica, CallState call, Replica[] tried, boolean suspect) {
    int slot = freeCount > 0 ? free[--freeCount] : used++;
    if (slot == slots.length) {
      slots = Arrays.copyOf(slots, 2 * slot);
    }
    ExpertCall message = pool.isEmpty() ? new ExpertCall() : pool.pop();
    message.begin(sequence++ << SLOT_BITS | slot, replica, call, tried, suspect);
    slots[slot] = message;
    call.messages().add(message);
    return message;
  }

  /** The message that is out under an id. */
  @Nullable ExpertCall find(long id) {
    int slot = slot(id);
    ExpertCall message = slot < used ? slots[slot] : null;
    return message != null && message.id() == id ? message : null;
  }

  /** One past the highest slot in use, for {@link #at}. */
  int slots() {
    return used;
  }

  @Nullable ExpertCall at(int slot) {
    return slots[slot];
  }

  /** The message has ended; its content may still be read until {@link #recycle}. */
  void close(ExpertCall message) {
    int slot = slot(message.id());
    slots[slot] = null;
    if (freeCount == free.length) {
      free = Arrays.copyOf(free, 2 * freeCount);
    }
    free[freeCount++] = slot;
    message.replica().addInFlight(-message.pairCount());
    message.owner().messages().remove(message);
  }

  /** Gives a closed message back, unless it still lies in the outbox. */
  void recycle(ExpertCall message) {
    message.end();
    if (!message.inOutbox() && pool.size() < POOLED) {
      pool.push(message);
    }
  }

  /** Messages that are out. */
  int size() {
    return used - freeCount;
  }

  private static int slot(long id) {
    return (int) (id & ((1L << SLOT_BITS) - 1));
  }
}
