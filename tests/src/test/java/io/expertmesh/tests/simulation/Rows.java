package io.expertmesh.tests.simulation;

import io.expertmesh.attention.core.Chunk;
import io.expertmesh.attention.core.RoutedCall;
import io.expertmesh.attention.core.StepPlan;
import io.expertmesh.attention.core.StepResult;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows of a step that go through the layers together. */
final class Rows {
  final int[] chunks;
  final int[] positions;
  final long[] states;
  final float[] input;
  final int[] tokens;
  final int[] groups;
  int count;
  @Nullable RoutedCall pending;

  Rows(int capacity) {
    chunks = new int[capacity];
    positions = new int[capacity];
    states = new long[capacity];
    input = new float[capacity * ToyModel.WIDTH];
    tokens = new int[capacity];
    groups = new int[capacity];
  }

  /** The rows of a plan from one number to another. */
  static Rows of(StepPlan plan, int from, int to) {
    Rows rows = new Rows(Math.max(1, to - from));
    List<Chunk> chunks = plan.chunks();
    int row = 0;
    for (int c = 0; c < chunks.size(); c++) {
      for (int position = chunks.get(c).first(); position < chunks.get(c).end(); position++) {
        if (row >= from && row < to) {
          rows.add(c, position);
        }
        row++;
      }
    }
    return rows;
  }

  private void add(int chunk, int position) {
    chunks[count] = chunk;
    positions[count++] = position;
  }

  /** Drops the rows of chunks that have failed. */
  void compact(StepResult result) {
    int kept = 0;
    for (int row = 0; row < count; row++) {
      if (result.alive(chunks[row])) {
        chunks[kept] = chunks[row];
        positions[kept] = positions[row];
        states[kept++] = states[row];
      }
    }
    count = kept;
  }
}
