package io.expertmesh.benchmarks.mesh;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** Medians of what rounds showed: a round in which others had the machine does not move them. */
final class Medians {
  private Medians() {}

  /** The upper one of the two in the middle where the number of values is even. */
  static double of(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  /** The median of one figure of every round. */
  static double of(List<LoadRun.Figures> rounds, ToDoubleFunction<LoadRun.Figures> column) {
    return of(rounds.stream().map(column::applyAsDouble).toList());
  }
}
