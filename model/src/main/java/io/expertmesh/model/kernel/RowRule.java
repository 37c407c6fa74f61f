package io.expertmesh.model.kernel;

import java.util.stream.IntStream;

/**
 * How the rows of a oneDNN product are filled up with zero rows, so that a row has the same bits in
 * every batch. Rows go to the library in runs of a few sizes, so that there are few products to
 * make: batches are cut after {@value #MOST} rows; what is left is a run of a multiple of {@value
 * #COARSE} rows, and one of the rest, filled up to one of the sizes up to {@value #COARSE}.
 *
 * @param least fewest rows of a run
 * @param step rows of the run of the rest are a multiple of it
 */
record RowRule(int least, int step) {
  /** Most rows of one run. */
  static final int MOST = 256;

  /** Rows of the product for which the library chooses the layout of the weights. */
  static final int TYPICAL = 16;

  private static final int COARSE = 64;

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

  /** Of at most {@link #MOST} rows, those that a run without zero rows computes. */
  static int whole(int rows) {
    return rows > COARSE ? rows / COARSE * COARSE : 0;
  }

  /** Rows of the run that computes the rest, {@code rows} rows, at most {@value #COARSE}. */
  int padded(int rows) {
    int unit = Math.max(step, unit(rows));
    return Math.max(least, (rows + unit - 1) / unit * unit);
  }

  /** Rows that are computed for {@code rows} rows, at most {@link #MOST}. */
  int computed(int rows) {
    int whole = whole(rows);
    return rows == whole ? whole : whole + padded(rows - whole);
  }

  /** The sizes of all runs, ascending. */
  int[] sizes() {
    IntStream rests = IntStream.rangeClosed(1, COARSE).map(this::padded);
    IntStream wholes = IntStream.rangeClosed(1, MOST / COARSE).map(i -> i * COARSE);
    return IntStream.concat(rests, wholes).distinct().toArray();
  }

  private static int unit(int rows) {
    if (rows > 16) {
      return rows > 32 ? 16 : 8;
    }
    return rows > 4 ? 2 : 1;
  }
}
