package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.ComputePool;

/** Runs work that is independent per row, on several threads where it pays. */
final class RowLoop {
  private static final int SERIAL_ROWS = 16;

  private RowLoop() {}

  static void run(ComputePool pool, int rows, Body body) {
    int threads = pool.threads();
    if (rows < SERIAL_ROWS || threads == 1) {
      body.rows(0, rows);
      return;
    }
    int parts = 2 * threads;
    pool.run(
        parts,
        part -> {
          int from = (int) ((long) rows * part / parts);
          int to = (int) ((long) rows * (part + 1) / parts);
          body.rows(from, to);
        });
  }

  /** Work on a range of rows. */
  @FunctionalInterface
  interface Body {
    void rows(int from, int to);
  }
}
