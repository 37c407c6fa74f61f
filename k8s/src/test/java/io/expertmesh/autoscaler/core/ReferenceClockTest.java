package io.expertmesh.autoscaler.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReferenceClockTest {
  private long nanos;
  private final ReferenceClock clock = new ReferenceClock(1_000_000, () -> nanos);

  @Test
  void itFollowsABrokerWhoseClockIsAheadOrBehind() {
    clock.set(500);
    pass(1000);
    assertThat(clock.nowMillis()).isEqualTo(1500);
    clock.saw(9_000);
    assertThat(clock.nowMillis()).isEqualTo(9_000);
  }

  @Test
  void itNeverGoesBackAndDoesNotStandStillWhereNoRecordComes() {
    clock.set(10_000);
    clock.saw(9_000);
    assertThat(clock.nowMillis()).isEqualTo(10_000);
    pass(600_000);
    assertThat(clock.nowMillis()).isEqualTo(610_000);
  }

  @Test
  void aBrokerWhoseClockRunsSlowerIsNotOutrun() {
    clock.set(0);
    // one part in a thousand, for two hours, with a record every second
    for (int second = 1; second <= 7200; second++) {
      pass(1000);
      clock.saw(second * 999L);
    }
    assertThat(clock.nowMillis() - 7200 * 999L).isBetween(0L, 200L);
  }

  private void pass(long millis) {
    nanos += millis * 1_000_000;
  }
}
