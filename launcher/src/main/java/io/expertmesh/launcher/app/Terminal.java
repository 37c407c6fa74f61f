package io.expertmesh.launcher.app;

import java.io.Console;
import java.io.PrintStream;
import java.util.List;
import java.util.Objects;

/** Where the command writes: redraws lines in place on a terminal, adds lines elsewhere. */
final class Terminal {
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final PrintStream out;
  private final boolean canRedraw;
  private int drawn;

  Terminal(PrintStream out, boolean canRedraw) {
    this.out = Objects.requireNonNull(out, "out");
    this.canRedraw = canRedraw;
  }

  /** Standard output; redraws if a person looks at it. */
  @SuppressWarnings("SystemConsoleNull") // JDK 25 went back to null where there is no terminal
  static Terminal system() {
    String kind = System.getenv("TERM");
    Console console = System.console();
    boolean person = console != null && console.isTerminal();
    return new Terminal(System.out, person && kind != null && !kind.equals("dumb"));
  }

  boolean canRedraw() {
    return canRedraw;
  }

  /** Writes these lines over those drawn before. */
  void redraw(List<String> lines) {
    StringBuilder text = new StringBuilder();
    if (drawn > 0) {
      text.append("\u001b[%dA".formatted(drawn));
    }
    lines.forEach(line -> text.append(CLEAR_LINE).append(line).append('\n'));
    drawn = lines.size();
    out.print(text);
    out.flush();
  }

  /** Writes a line below everything; what was drawn stays. */
  void line(String line) {
    drawn = 0;
    out.println(line);
    out.flush();
  }

  /** Writes a piece of text as it is. */
  void text(String piece) {
    drawn = 0;
    out.print(piece);
    out.flush();
  }
}
