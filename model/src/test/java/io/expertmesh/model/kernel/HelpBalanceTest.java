package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HelpBalanceTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;

  private final HelpBalance balance = new HelpBalance();
  private long now = 7 * SECOND;

  @Test
  void threadsThatWorkAsFastAsTheCallerStay() {
    // The last part of a run may have begun when the caller had nothing left to do.
    assertThat(seconds(20, 4, 4 * MILLI, MILLI)).isEqualTo(20 * SECOND);
  }

  @Test
  void aFewPartsThatTookLongSendNobodyAway() {
    for (int i = 0; i < 100; i++) {
      assertThat(seconds(1, 4, 4 * MILLI, 0)).isEqualTo(SECOND);
      run(4, 4 * MILLI, 60 * MILLI);
    }
  }

  @Test
  void threadsThatAreKeptFromTheirPartsAreSentAwayForLongerAndLonger() {
    long allowed = seconds(300, 4, 4 * MILLI, 40 * MILLI);

    // Each time they are back it takes a window to see that nothing has changed: after 1, 2, 4, ...
    // seconds, then every 64.
    assertThat(allowed).isLessThan(12 * (HelpBalance.WINDOW_NANOS + 44 * MILLI));
  }

  @Test
  void threadsThatAreNoLongerKeptComeBackAndStay() {
    long unused = seconds(10, 4, 4 * MILLI, 40 * MILLI);

    assertThat(seconds(8, 4, 4 * MILLI, 0)).as("of which some are leave").isLessThan(8 * SECOND);
    assertThat(seconds(30, 4, 4 * MILLI, 0)).isEqualTo(30 * SECOND);
  }

  @Test
  void afterCalmTimesTheyAreSentAwayForASecondAgain() {
    long unused = seconds(100, 4, 4 * MILLI, 40 * MILLI);
    unused = seconds(200, 4, 4 * MILLI, 0);

    while (balance.allows(now)) {
      run(4, 4 * MILLI, 40 * MILLI);
    }
    now += HelpBalance.FIRST_LEAVE_NANOS;

    assertThat(balance.allows(now)).isTrue();
  }

  @Test
  void aRunInWhichTheCallerComputedNothingIsMeasuredByTheOnesBefore() {
    run(4, 8 * MILLI, 0);
    for (int i = 0; i < 10_000; i++) {
      run(0, 1_000, 2 * MILLI);
      assertThat(balance.allows(now)).isTrue();
    }
  }

  /** Runs that are alike for so long; returns for how long the threads were allowed to help. */
  private long seconds(int seconds, int parts, long work, long wait) {
    long end = now + seconds * SECOND;
    long allowed = 0;
    while (now < end) {
      long begin = now;
      if (balance.allows(now)) {
        run(parts, work, wait);
        allowed += Math.min(now, end) - begin;
      } else {
        run(parts, work, 0);
      }
    }
    return allowed;
  }

  private void run(int parts, long work, long wait) {
    now += work + wait;
    balance.ran(parts, work, wait);
  }
}
