package io.expertmesh.router.core.gating;

import java.util.Arrays;

/**
 * Which experts compute which rows, and with what weight: (row, expert, weight) pairs in order of
 * rows, and within a row in ascending order of the expert's index. Beside them, the choices that
 * were dropped because an expert had no room. Built row by row by a gating policy; reused from call
 * to call.
 */
public final class Assignments {
  private int rows;
  private int[] starts = new int[17];
  private boolean[] nonFinite = new boolean[16];
  private final PairList kept = new PairList();
  private final PairList dropped = new PairList();

  /** Forgets everything. */
  public void clear() {
    rows = 0;
    kept.clear();
    dropped.clear();
  }

  /**
   * Adds a pair to the row that is being built; the expert's index is larger than the last one's.
   */
  public void add(int expert, float weight) {
    kept.add(rows, expert, weight);
  }

  /** Adds a choice of the row that is being built which no expert computes. */
  public void addDropped(int expert, float weight) {
    dropped.add(rows, expert, weight);
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
    starts[rows] = kept.size();
  }

  /** Rows built so far. */
  public int rows() {
    return rows;
  }

  /** Pairs of all rows. */
  public int pairs() {
    return kept.size();
  }

  /** First pair of a row; {@code start(row + 1)} is the end of its pairs. */
  public int start(int row) {
    return starts[row];
  }

  /** Row of a pair. */
  public int row(int pair) {
    return kept.row(pair);
  }

  /** Expert of a pair. */
  public int expert(int pair) {
    return kept.expert(pair);
  }

  /** Weight of a pair. */
  public float weight(int pair) {
    return kept.weight(pair);
  }

  /** True if the router logits of a row were not finite. */
  public boolean nonFinite(int row) {
    return nonFinite[row];
  }

  /** Choices that were dropped, in order of rows; their weight is what it would have been. */
  public PairList dropped() {
    return dropped;
  }
}
