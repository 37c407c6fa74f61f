package io.expertmesh.tests.simulation;

import java.util.ArrayDeque;
import java.util.random.RandomGenerator;

/**
 * One direction of one stream: messages arrive in the order in which they were sent, each after a
 * delay of its own, so that messages of different streams overtake each other.
 */
final class Wire {
  private static final long SHORTEST = 10_000;
  private static final long SPREAD = 150_000;
  private static final long HICCUP = 6_000_000;

  private final Timeline timeline;
  private final RandomGenerator random;
  private final String name;
  private final ArrayDeque<Message> underWay = new ArrayDeque<>();
  private long lastArrival;
  private int holders;
  private boolean closed;

  Wire(Timeline timeline, RandomGenerator random, String name) {
    this.timeline = timeline;
    this.random = random;
    this.name = name;
  }

  void send(String what, Runnable delivery) {
    if (closed) {
      return;
    }
    long delay = SHORTEST + random.nextLong(SPREAD);
    if (random.nextInt(50) == 0) {
      delay += random.nextLong(HICCUP);
    }
    lastArrival = Math.max(lastArrival, timeline.now() + delay);
    underWay.add(new Message(lastArrival, delivery));
    timeline.at(lastArrival, name + ": " + what, this::deliver);
  }

  private void deliver() {
    while (!closed
        && holders == 0
        && !underWay.isEmpty()
        && underWay.getFirst().at <= timeline.now()) {
      underWay.removeFirst().delivery.run();
    }
  }

  /** Nothing arrives until as many releases as holds. */
  void hold() {
    holders++;
  }

  void release() {
    holders--;
    if (holders == 0 && !underWay.isEmpty()) {
      timeline.after(0, name + ": flows again", this::deliver);
    }
  }

  /** What has not arrived never will. */
  void close() {
    closed = true;
    underWay.clear();
  }

  private record Message(long at, Runnable delivery) {}
}
