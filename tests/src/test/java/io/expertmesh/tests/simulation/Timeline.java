package io.expertmesh.tests.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Virtual time, and what is to happen in it. Events run one by one in order of their time, equal
 * times in the order in which they were planned. An event that has to wait for something runs later
 * events itself.
 */
final class Timeline {
  private static final int REMEMBERED = 60;
  private static final int MOST_EVENTS = 400_000;

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final ArrayDeque<Event> history = new ArrayDeque<>();
  private Runnable afterEach = () -> {};
  private long now;
  private long planned;
  private long ran;

  /** What is run after every event. */
  void afterEach(Runnable check) {
    afterEach = check;
  }

  /** Nanoseconds since the start. */
  long now() {
    return now;
  }

  long eventsRun() {
    return ran;
  }

  void at(long time, String what, Runnable action) {
    events.add(new Event(Math.max(now, time), planned++, what, action));
  }

  void after(long nanos, String what, Runnable action) {
    at(now + nanos, what, action);
  }

  /**
   * Runs the next event, if it comes no later than a limit.
   *
   * @return false if there was none; the time is then the limit
   */
  boolean runNext(long limit) {
    Event event = events.peek();
    if (event == null || event.at > limit) {
      now = Math.max(now, limit);
      return false;
    }
    events.remove();
    now = event.at;
    Violation.unless(++ran <= MOST_EVENTS, "it never comes to an end");
    history.add(event);
    if (history.size() > REMEMBERED) {
      history.remove();
    }
    try {
      event.action.run();
      afterEach.run();
    } catch (RuntimeException e) {
      throw new Violation("an event threw " + e, e);
    }
    return true;
  }

  /** The last events, oldest first. */
  List<String> history() {
    List<String> lines = new ArrayList<>();
    for (Event event : history) {
      lines.add("%12.3f ms  %s".formatted(event.at / 1e6, event.what));
    }
    return lines;
  }

  private record Event(long at, long order, String what, Runnable action)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }
}
