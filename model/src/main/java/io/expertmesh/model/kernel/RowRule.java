package io.expertmesh.model.kernel;

import java.util.stream.IntStream;

/**
 * How the rows of a oneDNN product are filled up with zero rows, so that a row has the same bits in
 * every batch. Rows go to the library in runs of a few sizes, so that there are few products to
 * make: every size up to 8, then in steps of 2, 4 and 8 up to 64, then multiples of 64 up to
 * {@value #MOST}; larger batches are cut.
 *
 * @param least fewest rows of a run
 * @param step rows of a small run are a multiple of it
 */
record RowRule(int least, int step) {
  /** Most rows of one run. */
  static final int MOST = 256;

  /** Rows of the product for which the library chooses the layout of the weights. */
  static final int TYPICAL = 16;

  /** The rules to try, the cheapest first. The last runs every batch in one size. */
  static final RowRule[] CANDIDATES = {
    new RowRule(1, 1),
    new RowRule(2, 1),
    new RowRule(2, 2),
    new RowRule(4, 4),
    new RowRule(8, 8),
    new RowRule(16, 16),
    new RowRule(32, 32),
    new RowRule(64, 64)
  };

  /** Rows of the run that computes {@code rows} rows, at most {@link #MOST}. */
  int padded(int rows) {
    int unit = Math.max(step, unit(rows));
    return Math.max(least, (rows + unit - 1) / unit * unit);
  }

  private static int unit(int rows) {
    if (rows > 64) {
      return 64;
    }
    return rows > 32 ? 8 : rows > 16 ? 4 : rows > 8 ? 2 : 1;
  }

  /** The sizes of all runs, ascending. */
  int[] sizes() {
    return IntStream.rangeClosed(1, MOST).map(this::padded).distinct().toArray();
  }
}
