package io.expertmesh.router.core.gating;

import java.util.Arrays;

/** A growing list of (row, expert, weight). */
public final class PairList {
  private int size;
  private int[] rows = new int[32];
  private int[] experts = new int[32];
  private float[] weights = new float[32];

  void clear() {
    size = 0;
  }

  void add(int row, int expert, float weight) {
    if (size == experts.length) {
      int grown = 2 * size;
      rows = Arrays.copyOf(rows, grown);
      experts = Arrays.copyOf(experts, grown);
      weights = Arrays.copyOf(weights, grown);
    }
    rows[size] = row;
    experts[size] = expert;
    weights[size] = weight;
    size++;
  }

  /** Number of entries. */
  public int size() {
    return size;
  }

  /** Row of an entry. */
  public int row(int index) {
    return rows[index];
  }

  /** Expert of an entry. */
  public int expert(int index) {
    return experts[index];
  }

  /** Weight of an entry. */
  public float weight(int index) {
    return weights[index];
  }
}
