package io.expertmesh.protocol.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class QuietTest {
  private final AtomicLong clock = new AtomicLong();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final StatusBoard board = new StatusBoard("service", "one", clock::get);
  private final Quiet quiet = new Quiet(board, clock::get);

  QuietTest() {
    board.gauges(() -> 0, inFlight::get);
  }

  @Test
  void othersMayBeStartingBeforeTheFirstWork() {
    assertThat(after(19)).isFalse();
    assertThat(after(1)).isTrue();
  }

  @Test
  void whatWasComputedIsTwoSecondsAgo() {
    board.addTokens(1);
    assertThat(quiet.now()).isFalse();
    assertThat(after(1)).isFalse();
    assertThat(after(1)).isTrue();

    board.addTokens(1);
    assertThat(after(3)).as("found only now").isFalse();
    assertThat(after(2)).isTrue();
  }

  @Test
  void whatIsInFlightIsNotQuietHoweverLongItTakes() {
    board.addTokens(1);
    inFlight.set(1);
    assertThat(after(60)).isFalse();
    inFlight.set(0);
    assertThat(after(1)).isFalse();
    assertThat(after(1)).isTrue();
  }

  private boolean after(int seconds) {
    clock.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    return quiet.now();
  }
}
