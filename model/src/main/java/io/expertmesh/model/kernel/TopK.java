package io.expertmesh.model.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The k best of n values: a heap of k indices with the worst at its root, past which most vectors
 * of values are skipped by one comparison; sorted in place at the end.
 */
final class TopK {
  private TopK() {}

  static void select(float[] x, int offset, int n, int k, int[] heap, int base) {
    if (k == 0) {
      return;
    }
    for (int i = 0; i < k; i++) {
      heap[base + i] = i;
    }
    for (int i = k / 2 - 1; i >= 0; i--) {
      sink(x, offset, heap, base, i, k);
    }
    int i = k;
    for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
      float worst = x[offset + heap[base]];
      FloatVector values = FloatVector.fromArray(Lanes.F, x, offset + i);
      // false for NaN on either side: such lanes are compared one by one
      if (!values.compare(VectorOperators.LE, worst).allTrue()) {
        for (int j = i; j < i + Lanes.COUNT; j++) {
          offer(x, offset, heap, base, k, j);
        }
      }
    }
    for (; i < n; i++) {
      offer(x, offset, heap, base, k, i);
    }
    for (int size = k - 1; size > 0; size--) {
      int worst = heap[base];
      heap[base] = heap[base + size];
      heap[base + size] = worst;
      sink(x, offset, heap, base, 0, size);
    }
  }

  private static void offer(float[] x, int offset, int[] heap, int base, int k, int index) {
    if (Ranking.before(x, offset, index, heap[base])) {
      heap[base] = index;
      sink(x, offset, heap, base, 0, k);
    }
  }

  /** Restores the heap of {@code size} indices below position {@code at}. */
  private static void sink(float[] x, int offset, int[] heap, int base, int at, int size) {
    int index = heap[base + at];
    for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size
          && Ranking.before(x, offset, heap[base + child], heap[base + child + 1])) {
        child++;
      }
      if (!Ranking.before(x, offset, index, heap[base + child])) {
        break;
      }
      heap[base + at] = heap[base + child];
      at = child;
    }
    heap[base + at] = index;
  }
}
