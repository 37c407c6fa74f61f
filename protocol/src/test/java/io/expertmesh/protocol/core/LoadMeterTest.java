package io.expertmesh.protocol.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.protocol.core.LoadEvent.ExpertTokens;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LoadMeterTest {
  private final LoadMeter meter =
      new LoadMeter(
          List.of(new ExpertTokens(0, 4, 0), new ExpertTokens(1, 5, 0), new ExpertTokens(2, 6, 0)),
          () -> 12);

  @Test
  void aSampleHoldsWhatHappenedSinceTheLastOne() {
    meter.computed(0, 30, TimeUnit.MILLISECONDS.toNanos(20));
    meter.computed(2, 10, TimeUnit.MILLISECONDS.toNanos(5));
    meter.waited(40, TimeUnit.MILLISECONDS.toNanos(8));
    meter.refused(7);

    LoadSample sample = meter.take();

    assertThat(sample.tokensIn()).isEqualTo(47);
    assertThat(sample.tokensOut()).isEqualTo(40);
    assertThat(sample.batches()).isEqualTo(2);
    assertThat(sample.busySeconds()).isCloseTo(0.025, within(1e-9));
    assertThat(sample.queueMeanMillis()).isCloseTo(8, within(0.1));
    assertThat(sample.queueP99Millis()).isCloseTo(8, within(0.1));
    assertThat(sample.inFlightTokens()).isEqualTo(12);
    assertThat(sample.shed()).isEqualTo(7);
    assertThat(sample.experts())
        .containsExactly(new ExpertTokens(0, 4, 30), new ExpertTokens(2, 6, 10));
  }

  @Test
  void nothingIsToldTwice() {
    meter.computed(1, 30, 1000);
    meter.waited(30, 1000);
    meter.take();

    LoadSample second = meter.take();

    assertThat(second.tokensIn() + second.tokensOut() + second.batches() + second.shed()).isZero();
    assertThat(second.busySeconds() + second.queueMeanMillis() + second.queueP99Millis()).isZero();
    assertThat(second.experts()).isEmpty();
  }

  @Test
  void aFullQueueLosesItsOldestElementAndCountsIt() {
    LatestEvents<Integer> events = new LatestEvents<>(3);
    for (int i = 0; i < 5; i++) {
      events.add(i);
    }
    assertThat(events.dropped()).isEqualTo(2);
    assertThat(events.poll()).isEqualTo(2);
    assertThat(events.size()).isEqualTo(2);
  }
}
