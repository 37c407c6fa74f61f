package io.expertmesh.attention.core;

/**
 * A binary heap of token ids over their probabilities, the most probable on top, equal ones in
 * order of their ids. Popped ids gather at the end of the array.
 */
final class CandidateHeap {
  private final float[] keys;
  private final int[] ids;
  private final int total;
  private int size;

  /**
   * @param keys probability per id
   * @param ids holds every id once; reordered
   */
  CandidateHeap(float[] keys, int[] ids, int size) {
    this.keys = keys;
    this.ids = ids;
    this.total = size;
    this.size = size;
    for (int i = size / 2 - 1; i >= 0; i--) {
      sink(i);
    }
  }

  /** Removes the best id. */
  int pop() {
    int best = ids[0];
    size--;
    ids[0] = ids[size];
    ids[size] = best;
    sink(0);
    return best;
  }

  /** Moves the {@code popped} ids to the front, in the order they were popped. */
  void reversePopped(int popped) {
    int[] best = new int[popped];
    for (int i = 0; i < popped; i++) {
      best[i] = ids[total - 1 - i];
    }
    System.arraycopy(best, 0, ids, 0, popped);
  }

  private void sink(int from) {
    int hole = from;
    int id = ids[hole];
    while (true) {
      int child = 2 * hole + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && before(ids[child + 1], ids[child])) {
        child++;
      }
      if (!before(ids[child], id)) {
        break;
      }
      ids[hole] = ids[child];
      hole = child;
    }
    ids[hole] = id;
  }

  private boolean before(int a, int b) {
    return keys[a] > keys[b] || (keys[a] == keys[b] && a < b);
  }
}
