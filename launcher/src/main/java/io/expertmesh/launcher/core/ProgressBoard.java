package io.expertmesh.launcher.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How far every service of a starting mesh is, as lines of text. Not thread-safe. */
public final class ProgressBoard {
  private static final int BAR = 20;
  private static final int NEWS_WORDS = 100;

  /** Lines that are redrawn must not wrap. */
  private static final int LINE_WORDS = 60;

  private final Map<String, ServiceReport> reports = new LinkedHashMap<>();
  private final Map<String, Duration> readyAfter = new LinkedHashMap<>();
  private final List<String> news = new ArrayList<>();
  private final int nameWidth;

  /** A board on which every one of these services is starting. */
  public ProgressBoard(List<String> names) {
    names.forEach(name -> reports.put(name, ServiceReport.of("starting")));
    nameWidth = names.stream().mapToInt(String::length).max().orElse(0);
  }

  /**
   * Takes what a service says.
   *
   * @param elapsed since the start of the mesh
   */
  public void update(String name, ServiceReport report, Duration elapsed) {
    ServiceReport before = reports.put(name, report);
    if (report.ready()) {
      readyAfter.putIfAbsent(name, elapsed);
    }
    if (before == null || !before.state().equals(report.state())) {
      news.add(
          pad(name) + "  " + report.words(NEWS_WORDS) + "  (" + Quantities.seconds(elapsed) + ")");
    }
  }

  /** True if every service is ready. */
  public boolean complete() {
    return reports.values().stream().allMatch(ServiceReport::ready);
  }

  /** Lines on changes of state since the last call, for output that cannot be redrawn. */
  public List<String> takeNews() {
    List<String> taken = List.copyOf(news);
    news.clear();
    return taken;
  }

  /** One line per service, for a terminal where they are redrawn in place. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    reports.forEach((name, report) -> lines.add(pad(name) + "  " + bar(name, report)));
    return lines;
  }

  private String bar(String name, ServiceReport report) {
    if (report.ready()) {
      return "ready after " + Quantities.seconds(readyAfter.getOrDefault(name, Duration.ZERO));
    }
    if (report.progress() <= 0) {
      return report.words(LINE_WORDS);
    }
    int full = (int) Math.round(Math.min(1, report.progress()) * BAR);
    return String.format(
        Locale.ROOT,
        "[%s%s] %3.0f %%  %s",
        "#".repeat(full),
        ".".repeat(BAR - full),
        100 * Math.min(1, report.progress()),
        report.words(LINE_WORDS - BAR - 10));
  }

  private String pad(String name) {
    return name + " ".repeat(Math.max(0, nameWidth - name.length()));
  }
}
