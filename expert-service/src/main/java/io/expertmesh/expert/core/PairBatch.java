package io.expertmesh.expert.core;

import org.jspecify.annotations.Nullable;

/** Pairs of one block that are computed together. Reused from one batch to the next. */
public final class PairBatch {
  private final @Nullable ComputeCall[] calls;
  private final int[] pairs;
  private int block = -1;
  private int size;

  /**
   * @param capacity most pairs of a batch
   */
  public PairBatch(int capacity) {
    calls = new ComputeCall[capacity];
    pairs = new int[capacity];
  }

  /** Most pairs of a batch. */
  public int capacity() {
    return pairs.length;
  }

  /** Number of the block in the shard. */
  public int block() {
    return block;
  }

  /** Pairs in the batch. */
  public int size() {
    return size;
  }

  /** Copies the input row of every pair, one after the other. */
  public void gather(float[] target) {
    for (int i = 0; i < size; i++) {
      call(i).copyInput(pairs[i], target, i);
    }
  }

  /** Copies the computed rows to the results of their calls. */
  public void scatter(float[] computed) {
    for (int i = 0; i < size; i++) {
      call(i).copyResult(pairs[i], computed, i);
    }
  }

  void begin(int newBlock) {
    block = newBlock;
    size = 0;
  }

  void add(ComputeCall call, int pair) {
    calls[size] = call;
    pairs[size++] = pair;
  }

  boolean isFull() {
    return size == pairs.length;
  }

  ComputeCall call(int index) {
    ComputeCall call = calls[index];
    if (call == null || index >= size) {
      throw new IndexOutOfBoundsException(index);
    }
    return call;
  }

  /** Lets go of the calls, so that their rows can be collected. */
  void clear() {
    java.util.Arrays.fill(calls, 0, size, null);
    size = 0;
    block = -1;
  }
}
