package io.expertmesh.router.core.gating;

import java.util.Arrays;

/**
 * Lets experts choose tokens where no token may be taken by more than {@code b} experts: every
 * expert takes exactly {@code k} tokens. In a group too small for that every token is taken by
 * exactly {@code b} experts, and no expert takes more than {@code k} tokens.
 *
 * <p>Source: Zhou et al., Mixture-of-Experts with Expert Choice Routing, 2022: the {@link
 * TransportPlan} with λ = 0.001 and at most 100 iterations, of which every expert takes the {@code
 * k} tokens with the largest entries. The paper does not say what happens to a token that more than
 * {@code b} experts then want, as ties and unfinished iterations make possible, nor in small
 * groups. Here pairs are taken in descending order of entries (of scores where these are equal,
 * then by the lower index) while both sides have room, which is the paper's choice wherever that
 * keeps the bound. A side that is left short takes one that has room, or one that another gives up
 * for such a one, along a shortest chain.
 */
final class CappedChoice {
  private static final double LAMBDA = 0.001;
  private static final int ITERATIONS = 100;
  private static final int NONE = -1;

  private final int experts;
  private final int most;
  private final TransportPlan plan;
  private float[] transposed = new float[0];
  private boolean[] result = new boolean[0];

  // rows must be full, with as many columns as the quota: experts as a rule; columns have a bound
  private int rows;
  private int columns;
  private int quota;
  private int bound;

  private boolean[] taken = new boolean[0];
  private int[] order = new int[0];
  private int[] load = new int[0];
  private int[] wantedBy = new int[0];
  private int[] count = new int[0];
  private int[] gives = new int[0];
  private int[] queue = new int[0];

  /**
   * Chooses for {@code experts}.
   *
   * @param most experts that may take one token, {@code b}
   */
  CappedChoice(int experts, int most) {
    this(experts, most, new TransportPlan(LAMBDA, ITERATIONS));
  }

  CappedChoice(int experts, int most, TransportPlan plan) {
    this.experts = experts;
    this.most = Math.min(most, experts);
    this.plan = plan;
  }

  /**
   * Chooses.
   *
   * @param scores experts × tokens
   * @param capacity tokens of each expert, {@code k}; at most {@code tokens}
   * @return experts × tokens from 0, and then anything: true for the pairs that were taken; do not
   *     change
   */
  boolean[] choose(float[] scores, int tokens, int capacity) {
    if ((long) experts * capacity <= (long) tokens * most) {
      fill(scores, experts, tokens, capacity, most);
      return taken;
    }
    int pairs = experts * tokens;
    if (transposed.length < pairs) {
      transposed = new float[pairs];
      result = new boolean[pairs];
    }
    for (int i = 0; i < pairs; i++) {
      transposed[i % tokens * experts + i / tokens] = scores[i];
    }
    fill(transposed, tokens, experts, most, capacity);
    for (int i = 0; i < pairs; i++) {
      result[i] = taken[i % tokens * experts + i / tokens];
    }
    return result;
  }

  private void fill(float[] scores, int full, int bounded, int quotaOfFull, int boundOfOthers) {
    begin(full, bounded, quotaOfFull, boundOfOthers);
    if (quota == 0 || columns == 0) {
      return;
    }
    double[] entries = plan.solve(scores, rows, columns, quota, bound);
    sort(entries, scores);
    for (int i = 0; i < rows * columns; i++) {
      int row = order[i] / columns;
      int column = order[i] % columns;
      if (count[row] < quota && load[column] < bound) {
        taken[order[i]] = true;
        count[row]++;
        load[column]++;
      }
    }
    for (int row = 0; row < rows; row++) {
      for (; count[row] < quota; count[row]++) {
        takeOneMore(row);
      }
    }
  }

  private void begin(int full, int bounded, int quotaOfFull, int boundOfOthers) {
    rows = full;
    columns = bounded;
    quota = quotaOfFull;
    bound = boundOfOthers;
    if (taken.length < rows * columns) {
      taken = new boolean[rows * columns];
      order = new int[rows * columns];
    }
    if (load.length < columns) {
      load = new int[columns];
      wantedBy = new int[columns];
    }
    if (count.length < rows) {
      count = new int[rows];
      gives = new int[rows];
      queue = new int[rows];
    }
    Arrays.fill(taken, 0, rows * columns, false);
    Arrays.fill(load, 0, columns, 0);
    Arrays.fill(count, 0, rows, 0);
  }

  /** Breadth first from a row over columns that it lacks and the rows that have those. */
  private void takeOneMore(int root) {
    Arrays.fill(wantedBy, 0, columns, NONE);
    Arrays.fill(gives, 0, rows, NONE);
    int read = 0;
    int written = 0;
    queue[written++] = root;
    while (read < written) {
      int row = queue[read++];
      for (int column = 0; column < columns; column++) {
        if (wantedBy[column] != NONE || taken[row * columns + column]) {
          continue;
        }
        wantedBy[column] = row;
        if (load[column] < bound) {
          pass(root, column);
          return;
        }
        for (int other = 0; other < rows; other++) {
          if (other != root && gives[other] == NONE && taken[other * columns + column]) {
            gives[other] = column;
            queue[written++] = other;
          }
        }
      }
    }
    throw new IllegalStateException("nothing is left for row " + root);
  }

  /** The last row of a chain takes the column that has room, and hands on the one it gives up. */
  private void pass(int root, int last) {
    load[last]++;
    int column = last;
    while (true) {
      int row = wantedBy[column];
      taken[row * columns + column] = true;
      if (row == root) {
        return;
      }
      column = gives[row];
      taken[row * columns + column] = false;
    }
  }

  /** Sorts all pairs, the one to take first at the front, in place. */
  private void sort(double[] entries, float[] scores) {
    int n = rows * columns;
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    for (int i = n / 2 - 1; i >= 0; i--) {
      sink(entries, scores, i, n);
    }
    for (int end = n - 1; end > 0; end--) {
      int worst = order[0];
      order[0] = order[end];
      order[end] = worst;
      sink(entries, scores, 0, end);
    }
  }

  private void sink(double[] entries, float[] scores, int from, int end) {
    int at = from;
    int moving = order[at];
    for (int child = 2 * at + 1; child < end; child = 2 * at + 1) {
      if (child + 1 < end && before(entries, scores, order[child], order[child + 1])) {
        child++;
      }
      if (!before(entries, scores, moving, order[child])) {
        break;
      }
      order[at] = order[child];
      at = child;
    }
    order[at] = moving;
  }

  private static boolean before(double[] entries, float[] scores, int i, int j) {
    if (entries[i] != entries[j]) {
      return entries[i] > entries[j];
    }
    return scores[i] != scores[j] ? scores[i] > scores[j] : i < j;
  }
}
