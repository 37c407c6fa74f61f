package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessRecordTest {
  private final ProcessRecord self = ProcessRecord.of(ProcessHandle.current());

  @Test
  void aLivingProcessIsFound() {
    assertThat(self.find()).contains(ProcessHandle.current());
  }

  @Test
  void aProcessIdThatWasGivenToAnotherProcessIsNotTheSameProcess() {
    ProcessRecord earlier = new ProcessRecord(self.pid(), self.startMillis() - 60_000);

    assertThat(earlier.find()).isEmpty();
  }

  @Test
  void noProcessIsNeverFound() {
    assertThat(ProcessRecord.NONE.find()).isEmpty();
  }
}
