package io.expertmesh.attention.core;

import org.jspecify.annotations.Nullable;

/** Rows of a step that travel through the layers together, with their residual stream. */
final class MicroBatch {
  private final int hidden;
  final float[] residual;
  final float[] input;
  final int[] tokens;
  final int[] groups;
  final int[] positions;
  final int[] chunks;
  int rows;
  @Nullable RoutedCall pending;

  MicroBatch(int capacity, int hidden) {
    this.hidden = hidden;
    residual = new float[capacity * hidden];
    input = new float[capacity * hidden];
    tokens = new int[capacity];
    groups = new int[capacity];
    positions = new int[capacity];
    chunks = new int[capacity];
  }

  void clear() {
    rows = 0;
    pending = null;
  }

  void add(int chunk, Sequence sequence, int position) {
    tokens[rows] = sequence.ids()[position];
    groups[rows] = (int) sequence.number();
    positions[rows] = position;
    chunks[rows] = chunk;
    rows++;
  }

  /** Drops the rows of chunks that failed. Not while a call is pending. */
  void compact(StepResult result) {
    int kept = 0;
    for (int row = 0; row < rows; row++) {
      if (!result.alive(chunks[row])) {
        continue;
      }
      if (kept < row) {
        System.arraycopy(residual, row * hidden, residual, kept * hidden, hidden);
        tokens[kept] = tokens[row];
        groups[kept] = groups[row];
        positions[kept] = positions[row];
        chunks[kept] = chunks[row];
      }
      kept++;
    }
    rows = kept;
  }
}
