package io.expertmesh.protocol.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StatusBoardTest {
  private long now = TimeUnit.SECONDS.toNanos(1000);
  private final StatusBoard board = new StatusBoard("router-service", "r1", () -> now);

  @Test
  void aSnapshotHoldsWhatWasWritten() {
    board.state(ServiceState.WAITING, "waits for experts");
    board.shard("s0");
    board.model("tiny", 42, "fma1/any/f32");
    board.progress(7);
    board.gauges(() -> 3, () -> 4);
    board.counter("retries").add(5);
    pass(1500);

    ServiceSnapshot snapshot = board.snapshot();

    assertThat(snapshot.service()).isEqualTo("router-service");
    assertThat(snapshot.instance()).isEqualTo("r1");
    assertThat(snapshot.state()).isEqualTo(ServiceState.WAITING);
    assertThat(snapshot.detail()).isEqualTo("waits for experts");
    assertThat(snapshot.shard()).isEqualTo("s0");
    assertThat(snapshot.modelId()).isEqualTo("tiny");
    assertThat(snapshot.weightsVersion()).isEqualTo(42);
    assertThat(snapshot.numericsClass()).isEqualTo("fma1/any/f32");
    assertThat(snapshot.progress()).isEqualTo(1.0);
    assertThat(snapshot.queueDepth()).isEqualTo(3);
    assertThat(snapshot.inFlight()).isEqualTo(4);
    assertThat(snapshot.counters()).containsEntry("retries", 5L);
    assertThat(snapshot.uptimeMillis()).isEqualTo(1500);
  }

  @Test
  void aSteadyRateIsMeasuredAndForgottenWhenItStops() {
    for (int i = 0; i < 100; i++) {
      pass(100);
      board.addTokens(7);
    }
    assertThat(board.snapshot().tokensPerSecond()).isCloseTo(70, within(5.0));
    assertThat(board.snapshot().tokensTotal()).isEqualTo(700);
    pass(7000);
    assertThat(board.snapshot().tokensPerSecond()).isZero();
  }

  @Test
  void latenciesOfLongAgoNoLongerCount() {
    for (int i = 0; i < 100; i++) {
      board.latency(TimeUnit.MILLISECONDS.toNanos(50));
    }
    assertThat(board.snapshot().p50Millis()).isCloseTo(50, within(0.1));
    for (int i = 0; i < 3; i++) {
      pass(10_000);
      board.latency(TimeUnit.MILLISECONDS.toNanos(2));
      board.snapshot();
    }
    assertThat(board.snapshot().p99Millis()).isCloseTo(2, within(0.1));
  }

  @Test
  void listenersHearThePresentStateAndEveryLaterOne() {
    List<ServiceState> heard = new ArrayList<>();
    board.onState(heard::add);
    board.state(ServiceState.LOADING, "");
    board.state(ServiceState.FAILED, "config.json is missing");

    assertThat(heard)
        .containsExactly(ServiceState.STARTING, ServiceState.LOADING, ServiceState.FAILED);
  }

  @Test
  void twoCountersOfOneNameAreAMistake() {
    board.counter("retries");
    assertThatThrownBy(() -> board.counter("retries"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("retries");
  }

  private void pass(long millis) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void countersAndGaugesAreAskedWithoutTheLockOfTheBoard() {
    StatusBoard board = new StatusBoard("router-service", "r", System::nanoTime);
    board.counter("calls", () -> Thread.holdsLock(board) ? -1 : 7);
    board.gauges(() -> Thread.holdsLock(board) ? -1 : 3, () -> Thread.holdsLock(board) ? -1 : 4);
    ServiceSnapshot snapshot = board.snapshot();
    assertThat(snapshot.counters()).containsEntry("calls", 7L);
    assertThat(snapshot.queueDepth()).isEqualTo(3);
    assertThat(snapshot.inFlight()).isEqualTo(4);
  }
}
