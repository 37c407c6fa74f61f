package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.ProgressBoard;
import io.expertmesh.launcher.core.Quantities;
import io.expertmesh.launcher.core.ServiceReport;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** Shows a mesh that starts, and what happens to it later. */
final class ProgressDisplay implements SupervisorListener {
  private final Terminal terminal;
  private final ProgressBoard board;
  private final Runnable whenReady;
  private boolean up;

  /**
   * @param names the services
   * @param whenReady called once, after the last service became ready
   */
  ProgressDisplay(Terminal terminal, List<String> names, Runnable whenReady) {
    this.terminal = Objects.requireNonNull(terminal, "terminal");
    this.board = new ProgressBoard(names);
    this.whenReady = Objects.requireNonNull(whenReady, "whenReady");
  }

  @Override
  public void heard(String name, ServiceReport report, Duration sinceStart) {
    if (up && report.ready()) {
      terminal.line(name + " is ready again.");
    }
    board.update(name, report, sinceStart);
  }

  @Override
  public void progressed(Duration sinceStart) {
    if (!up) {
      show();
    }
  }

  private void show() {
    if (terminal.canRedraw()) {
      terminal.redraw(board.lines());
    } else {
      board.takeNews().forEach(terminal::line);
    }
  }

  @Override
  public void ready(Duration sinceStart) {
    show();
    up = true;
    terminal.line("Ready after " + Quantities.seconds(sinceStart) + ".");
    whenReady.run();
  }

  @Override
  public void added(String name, String why) {
    terminal.line(name + " is started: " + why + ".");
  }

  @Override
  public void removed(String name, String why) {
    terminal.line(name + " leaves: " + why + ".");
  }

  @Override
  public void restarting(String name, String how, Duration delay) {
    terminal.line(name + " " + how + "; it is started again in " + Quantities.seconds(delay) + ".");
  }
}
