package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressBoardTest {
  private final ProgressBoard board = new ProgressBoard(List.of("router", "experts-0"));

  @Test
  void aServiceIsShownWithHowFarItIs() {
    board.update("router", ServiceReport.of("ready"), Duration.ofMillis(1200));
    board.update("experts-0", report("packing", "layer 3", 0.5), Duration.ofMillis(1500));

    assertThat(board.lines())
        .containsExactly(
            "router     ready after 1.2 s",
            "experts-0  [##########..........]  50 %  packing: layer 3");
  }

  @Test
  void aChangeOfStateIsNewsOnce() {
    board.update("experts-0", report("loading", "", 0.1), Duration.ofMillis(900));
    board.update("experts-0", report("loading", "", 0.2), Duration.ofMillis(950));

    assertThat(board.takeNews()).containsExactly("experts-0  loading  (0.9 s)");
    assertThat(board.takeNews()).isEmpty();
  }

  @Test
  void itIsCompleteWhenEveryServiceIsReady() {
    board.update("router", ServiceReport.of("ready"), Duration.ZERO);
    assertThat(board.complete()).isFalse();

    board.update("experts-0", ServiceReport.of("ready"), Duration.ZERO);
    assertThat(board.complete()).isTrue();
  }

  private static ServiceReport report(String state, String detail, double progress) {
    return new ServiceReport(state, detail, progress, 0, 0, 0, 0, 0);
  }
}
