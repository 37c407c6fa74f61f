package io.expertmesh.launcher.core;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds in the log of a service that ended the one sentence that says why. */
public final class LogDigest {
  private static final Pattern CAUSE =
      Pattern.compile("^Caused by: [\\w.$]+(?:Exception|Error): (.+)$");
  private static final Pattern ERROR = Pattern.compile("^.*\\bERROR\\b.* : (.+)$");
  private static final Pattern THROWN =
      Pattern.compile("^(?:Exception in thread \"[^\"]*\" )?[\\w.$]+(?:Exception|Error): (.+)$");

  private LogDigest() {}

  /** The best sentence in these lines; empty if there is none. */
  public static String sentence(List<String> lines) {
    String best = "";
    int rank = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.equals("Description:")) {
        return nextText(lines, i + 1);
      }
      int found = rankOf(line);
      if (found >= rank && found > 0) {
        rank = found;
        best = message(line);
      }
    }
    return best;
  }

  private static String nextText(List<String> lines, int from) {
    return lines.subList(from, lines.size()).stream()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .findFirst()
        .orElse("");
  }

  private static int rankOf(String line) {
    if (CAUSE.matcher(line).matches()) {
      return 4;
    }
    if (THROWN.matcher(line).matches()) {
      return 3;
    }
    if (ERROR.matcher(line).matches()) {
      return 2;
    }
    return line.isEmpty() || line.startsWith("at ") || line.startsWith("...") ? 0 : 1;
  }

  private static String message(String line) {
    for (Pattern pattern : List.of(CAUSE, THROWN, ERROR)) {
      Matcher matcher = pattern.matcher(line);
      if (matcher.matches()) {
        return matcher.group(1);
      }
    }
    return line;
  }
}
