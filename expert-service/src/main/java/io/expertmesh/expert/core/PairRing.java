package io.expertmesh.expert.core;

import org.jspecify.annotations.Nullable;

/** The waiting pairs of one block, oldest first. Grows as needed and is reused. */
final class PairRing {
  private final int block;
  private @Nullable ComputeCall[] calls = new ComputeCall[16];
  private int[] pairs = new int[16];
  private long[] arrivals = new long[16];
  private int head;
  private int size;

  PairRing(int block) {
    this.block = block;
  }

  int block() {
    return block;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Arrival number of the oldest pair. */
  long oldest() {
    return arrivals[head];
  }

  void add(ComputeCall call, int pair, long arrival) {
    if (size == pairs.length) {
      grow();
    }
    int tail = (head + size++) & (pairs.length - 1);
    calls[tail] = call;
    pairs[tail] = pair;
    arrivals[tail] = arrival;
  }

  ComputeCall headCall() {
    ComputeCall call = calls[head];
    if (call == null) {
      throw new IllegalStateException("block " + block + " has no waiting pair");
    }
    return call;
  }

  int headPair() {
    return pairs[head];
  }

  void removeHead() {
    calls[head] = null;
    head = (head + 1) & (pairs.length - 1);
    size--;
  }

  private void grow() {
    int old = pairs.length;
    @Nullable ComputeCall[] moreCalls = new ComputeCall[2 * old];
    int[] morePairs = new int[2 * old];
    long[] moreArrivals = new long[2 * old];
    for (int i = 0; i < size; i++) {
      int from = (head + i) & (old - 1);
      moreCalls[i] = calls[from];
      morePairs[i] = pairs[from];
      moreArrivals[i] = arrivals[from];
    }
    calls = moreCalls;
    pairs = morePairs;
    arrivals = moreArrivals;
    head = 0;
  }
}
