package io.expertmesh.autoscaler.core;

import io.expertmesh.protocol.core.LoadEvent;
import org.jspecify.annotations.Nullable;

/**
 * The last intervals of one replica, in order of their sequence numbers. Neither the writer's clock
 * nor the order of arrival matters, and an interval that is told twice counts once.
 */
final class ReplicaLoad {
  /** Intervals that a rate is taken over. */
  static final int SPAN = 5;

  /** Intervals after which a rise is believed. */
  static final int BRISK = 2;

  private static final int KEPT = 8;

  private final @Nullable LoadEvent[] kept = new LoadEvent[KEPT];
  private LoadEvent newest;
  private long heardAt;

  ReplicaLoad(LoadEvent first, long atMillis) {
    newest = first;
    heardAt = atMillis;
    kept[slot(first.sequence())] = first;
  }

  private static int slot(long sequence) {
    return (int) (sequence % KEPT);
  }

  /** False if the interval was known already, or is older than what is kept. */
  boolean add(LoadEvent event, long atMillis) {
    LoadEvent there = kept[slot(event.sequence())];
    if (there != null && there.sequence() >= event.sequence()) {
      return false;
    }
    kept[slot(event.sequence())] = event;
    if (event.sequence() > newest.sequence()) {
      newest = event;
      heardAt = Math.max(heardAt, atMillis);
    }
    return true;
  }

  /** When the newest interval was heard of. */
  long heardAt() {
    return heardAt;
  }

  /** The newest interval. */
  LoadEvent newest() {
    return newest;
  }

  /** True if it takes no new work. */
  boolean leaving() {
    return newest.leaving();
  }

  /** One number of an interval. */
  interface Part {
    double of(LoadEvent event);
  }

  /** Sum of a number over the last intervals. */
  double sum(Part part) {
    return sum(part, SPAN);
  }

  /** Sum of a number over so many of the last intervals. */
  double sum(Part part, int span) {
    double sum = 0;
    for (LoadEvent event : kept) {
      if (event != null && event.sequence() > newest.sequence() - span) {
        sum += part.of(event);
      }
    }
    return sum;
  }
}
