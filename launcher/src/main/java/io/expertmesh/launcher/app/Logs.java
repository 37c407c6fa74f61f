package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LogDigest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Reads the ends of log files. */
final class Logs {
  private static final int TAIL_BYTES = 256 * 1024;

  private Logs() {}

  /** The last lines of a file, oldest first; none if there is no such file. */
  static List<String> tail(Path log, int most) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long from = Math.max(0, file.length() - TAIL_BYTES);
      file.seek(from);
      byte[] bytes = new byte[(int) (file.length() - from)];
      file.readFully(bytes);
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      // A line that was cut by the limit is not shown.
      List<String> whole = from > 0 && !lines.isEmpty() ? lines.subList(1, lines.size()) : lines;
      return whole.subList(Math.max(0, whole.size() - most), whole.size());
    } catch (IOException e) {
      return List.of();
    }
  }

  /** The sentence that says why the writer of this log ended; empty if it does not. */
  static String lastWords(Path log) {
    return LogDigest.sentence(tail(log, 400));
  }
}
