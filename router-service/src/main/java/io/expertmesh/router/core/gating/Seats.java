package io.expertmesh.router.core.gating;

import java.util.Arrays;

/** Numbers the tokens that come to each expert, and tells which still have room. */
final class Seats {
  private final int[] taken;
  private int capacity;

  Seats(int experts) {
    taken = new int[experts];
  }

  void begin(int limit) {
    Arrays.fill(taken, 0);
    capacity = limit;
  }

  /** Takes the next number of an expert; false if that is beyond its capacity. */
  boolean take(int expert) {
    return taken[expert]++ < capacity;
  }
}
