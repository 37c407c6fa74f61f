package io.expertmesh.router.core;

import java.util.Arrays;

/**
 * Which experts compute which rows, and with what weight: (row, expert, weight) pairs in order of
 * rows, and within a row in ascending order of the expert's index. Built row by row by a gating
 * policy; reused from call to call.
 */
public final class Assignments {
  private int rows;
  private int pairs;
  private int[] starts = new int[17];
  private boolean[] nonFinite = new boolean[16];
  private int[] pairRows = new int[32];
  private int[] experts = new int[32];
  private float[] weights = new float[32];

  /** Forgets everything. */
  public void clear() {
    rows = 0;
    pairs = 0;
  }

  /**
   * Adds a pair to the row that is being built; the expert's index is larger than the last one's.
   */
  public void add(int expert, float weight) {
    if (pairs == experts.length) {
      int grown = 2 * pairs;
      pairRows = Arrays.copyOf(pairRows, grown);
      experts = Arrays.copyOf(experts, grown);
      weights = Arrays.copyOf(weights, grown);
    }
    pairRows[pairs] = rows;
    experts[pairs] = expert;
    weights[pairs] = weight;
    pairs++;
  }

  /** Ends the row that is being built. */
  public void endRow() {
    endRow(false);
  }

  /** Ends a row without assignments, because its router logits are not finite. */
  public void endNonFiniteRow() {
    endRow(true);
  }

  private void endRow(boolean bad) {
    if (rows == nonFinite.length) {
      nonFinite = Arrays.copyOf(nonFinite, 2 * rows);
      starts = Arrays.copyOf(starts, 2 * rows + 1);
    }
    nonFinite[rows] = bad;
    rows++;
    starts[rows] = pairs;
  }

  /** Rows built so far. */
  public int rows() {
    return rows;
  }

  /** Pairs of all rows. */
  public int pairs() {
    return pairs;
  }

  /** First pair of a row; {@code start(row + 1)} is the end of its pairs. */
  public int start(int row) {
    return starts[row];
  }

  /** Row of a pair. */
  public int row(int pair) {
    return pairRows[pair];
  }

  /** Expert of a pair. */
  public int expert(int pair) {
    return experts[pair];
  }

  /** Weight of a pair. */
  public float weight(int pair) {
    return weights[pair];
  }

  /** True if the router logits of a row were not finite. */
  public boolean nonFinite(int row) {
    return nonFinite[row];
  }
}
