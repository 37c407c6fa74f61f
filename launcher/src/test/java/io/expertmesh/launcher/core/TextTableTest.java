package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  void columnsAreAsWideAsTheirWidestCellAndNumbersStandAtTheRight() {
    TextTable table = new TextTable(List.of("SERVICE", "PID", "STATE"));
    table.add(List.of("router", "7", "ready"));
    table.add(List.of("experts-0", "12345", "waiting: no router"));

    assertThat(table.lines())
        .containsExactly(
            "SERVICE      PID  STATE",
            "router         7  ready",
            "experts-0  12345  waiting: no router");
  }

  @Test
  void aRowOfAnotherLengthIsRefused() {
    TextTable table = new TextTable(List.of("A", "B"));

    assertThatThrownBy(() -> table.add(List.of("1")))
        .hasMessage("row has 1 cells, the table 2 columns");
  }
}
