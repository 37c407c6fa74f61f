package io.expertmesh.tests.simulation;

import java.io.PrintWriter;
import java.io.StringWriter;

/** One run of the mesh per seed. The same seed is the same run, event by event. */
public final class Simulation {
  private Simulation() {}

  /** Runs a seed; throws a {@link Violation} with the seed and the last events. */
  static Tally run(long seed) {
    SimMesh mesh = new SimMesh(seed);
    try {
      mesh.run();
      return mesh.tally();
    } catch (RuntimeException | Violation e) {
      throw new Violation("seed " + seed + ": " + e.getMessage() + "\n" + mesh.story(), e);
    }
  }

  /**
   * Runs seeds until one fails. For callers in another class loader.
   *
   * @return the failing seed, a line break, and what went wrong; empty if none fails
   */
  public static String firstFailure(long from, long to) {
    for (long seed = from; seed < to; seed++) {
      try {
        run(seed);
      } catch (Violation e) {
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace));
        return seed + "\n" + trace;
      }
    }
    return "";
  }
}
