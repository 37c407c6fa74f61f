package io.expertmesh.benchmarks.mesh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Processor time that a hypervisor gave to other machines while this one wanted it, as Linux counts
 * it. A figure measured while much was stolen says little by itself.
 */
final class StolenTime {
  private static final Path COUNTERS = Path.of("/proc/stat");

  /** Column of the stolen time in the first line, after its label. */
  private static final int STOLEN = 7;

  /** Columns up to there add up to all time; guests' time is contained in them. */
  private static final int COLUMNS = 8;

  private final long[] before = read();

  /** Share of all processor time since this object was made, 0 to 1; 0 where it is not counted. */
  double share() {
    long[] now = read();
    long all = 0;
    for (int i = 0; i < COLUMNS; i++) {
      all += now[i] - before[i];
    }
    return all == 0 ? 0 : (now[STOLEN] - before[STOLEN]) / (double) all;
  }

  private static long[] read() {
    long[] columns = new long[COLUMNS];
    try {
      List<String> lines = Files.exists(COUNTERS) ? Files.readAllLines(COUNTERS) : List.of();
      if (!lines.isEmpty()) {
        String[] words = lines.getFirst().trim().split("\\s+", -1);
        for (int i = 0; i < COLUMNS && i + 1 < words.length; i++) {
          columns[i] = Long.parseLong(words[i + 1]);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("cannot read " + COUNTERS, e);
    }
    return columns;
  }
}
