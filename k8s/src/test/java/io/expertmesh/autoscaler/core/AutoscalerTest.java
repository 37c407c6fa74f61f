package io.expertmesh.autoscaler.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.protocol.core.LoadEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AutoscalerTest {
  private static final ScalingPolicy POLICY = ScalingPolicy.standard().bounds(1, 8);

  @Test
  void aStepToTwiceOneReplicasCapacityIsAnsweredWithinSeconds() {
    Fleet fleet = new Fleet(POLICY, 1);
    run(fleet, 20, 0.5);
    assertThat(fleet.replicas()).isEqualTo(1);

    run(fleet, 3, 2.0);
    assertThat(fleet.replicas()).isGreaterThanOrEqualTo(2);
    run(fleet, 10, 2.0);

    assertThat(fleet.replicas()).isEqualTo(3); // 2.0 busy replicas at a target of 0.7
    assertThat(fleet.view().demand()).isCloseTo(2.0, within(0.05));
  }

  @Test
  void replicasAreTakenAwayOneByOneAndOnlyAfterTheWholeDownWindow() {
    Fleet fleet = new Fleet(POLICY, 1);
    run(fleet, 70, 3.0);
    assertThat(fleet.replicas()).isEqualTo(5);
    int before = fleet.history.size();

    run(fleet, 59, 0.1);
    assertThat(fleet.replicas()).isEqualTo(5);
    run(fleet, 60, 0.1);

    assertThat(fleet.replicas()).isEqualTo(1);
    List<Integer> after = fleet.history.subList(before, fleet.history.size());
    int last = 5;
    int sinceStep = Integer.MAX_VALUE / 2;
    for (int replicas : after) {
      assertThat(last - replicas).isBetween(0, 1);
      if (replicas < last) {
        assertThat(sinceStep).isGreaterThanOrEqualTo(9);
        sinceStep = 0;
      } else {
        sinceStep++;
      }
      last = replicas;
    }
  }

  @Test
  void demandThatWaversAroundAStepChangesNothing() {
    Fleet fleet = new Fleet(POLICY, 2);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 600; i++) {
      fleet.second(1.4 + 0.2 * (random.nextDouble() - 0.5));
    }
    assertThat(fleet.history).as("seed %d", seed).containsOnly(2);
  }

  @Test
  void nothingIsTakenAwayWhileNothingIsHeardAndForAWholeWindowAfterwards() {
    Fleet fleet = new Fleet(POLICY, 1);
    run(fleet, 70, 3.0);
    assertThat(fleet.replicas()).isEqualTo(5);

    for (int i = 0; i < 600; i++) {
      fleet.silentSecond();
    }
    assertThat(fleet.replicas()).isEqualTo(5);
    assertThat(fleet.autoscaler.snapshot().blind()).isTrue();
    assertThat(fleet.view().load().replicas()).isEqualTo(5);

    run(fleet, 2, 0.1);
    assertThat(fleet.autoscaler.snapshot().blind()).isFalse();
    run(fleet, 55, 0.1);
    assertThat(fleet.replicas()).isEqualTo(5);
    run(fleet, 60, 0.1);
    assertThat(fleet.replicas()).isEqualTo(1);
  }

  @Test
  void afterAnOutageTheNumbersAreRightWithinTwoIntervals() {
    Fleet fleet = new Fleet(POLICY, 1);
    run(fleet, 30, 0.5);
    for (int i = 0; i < 600; i++) {
      fleet.silentSecond();
    }

    run(fleet, 2, 3.0);

    assertThat(fleet.autoscaler.snapshot().blind()).isFalse();
    assertThat(fleet.view().demand()).isGreaterThan(1);
    assertThat(fleet.replicas()).isGreaterThan(1);
  }

  @Test
  void aShardWithoutTokensHasNoReplicaAndIsWokenByTheFirstRowThatWaits() {
    Fleet fleet = new Fleet(POLICY.bounds(0, 4), 2);
    run(fleet, 10, 0.5);
    run(fleet, 300 + 60, 0);
    assertThat(fleet.replicas()).isZero();
    run(fleet, 30, 0);
    assertThat(fleet.replicas()).isZero();

    fleet.secondWithParkedRows(Fleet.SHARD);

    assertThat(fleet.replicas()).isEqualTo(1);
    assertThat(fleet.view().decision().reason()).contains("woken");
  }

  @Test
  void rowsForAnExpertThatNobodyKnowsWakeEveryShardWithoutReplicas() {
    Fleet fleet = new Fleet(POLICY.bounds(0, 4), 0);
    fleet.autoscaler.know(Fleet.SHARD);
    fleet.second(0);
    assertThat(fleet.replicas()).isZero();

    fleet.secondWithParkedRows(LoadEvent.UNKNOWN_SHARD);

    assertThat(fleet.replicas()).isEqualTo(1);
  }

  @Test
  void aShardThatWasWokenIsNotPutToSleepBeforeItHasStarted() {
    Autoscaler autoscaler = new Autoscaler(POLICY.bounds(0, 4), Map.of(), TenantCaps.NONE);
    autoscaler.add(Events.router(0, Map.of("s", 4L)), 1000);
    for (int second = 1; second < 400; second++) {
      // Whoever waited has left: nothing is parked any more.
      autoscaler.add(Events.router(second, Map.of()), 1000 + second * 1000L);
    }
    assertThat(autoscaler.snapshot().shard("s").orElseThrow().decision().wanted()).isEqualTo(1);

    for (int second = 400; second < 800; second++) {
      autoscaler.add(Events.expert("s", "a", second, 0), 1000 + second * 1000L);
    }
    assertThat(autoscaler.snapshot().shard("s").orElseThrow().decision().wanted()).isZero();
  }

  @Test
  void whileRowsWaitForOneShardNoOtherIsPutToSleep() {
    Autoscaler autoscaler = new Autoscaler(POLICY.bounds(0, 4), Map.of(), TenantCaps.NONE);
    for (int second = 1; second < 400; second++) {
      autoscaler.add(Events.expert("idle", "a", second, 0), second * 1000L);
      autoscaler.add(Events.router(second, Map.of("starting", 1L)), second * 1000L);
    }
    assertThat(autoscaler.snapshot().shard("idle").orElseThrow().decision().wanted()).isEqualTo(1);
  }

  @Test
  void queuedWorkIsDemandToo() {
    Autoscaler autoscaler = new Autoscaler(POLICY, Map.of(), TenantCaps.NONE);
    for (int i = 1; i <= 5; i++) {
      autoscaler.add(Events.expert("s", "a", i, 0.5, 100, false), i * 1000L);
    }
    autoscaler.advance(6000);

    ShardLoad load = autoscaler.snapshot().shard("s").orElseThrow().load();
    // 500 tokens/s that wait 100 ms: 50 queued ones, of 1 ms each, to be done within a second
    assertThat(load.queuedTokens()).isCloseTo(50, within(0.1));
    assertThat(load.demand()).isCloseTo(0.5 + 0.05, within(0.01));
  }

  @Test
  void workThatPilesUpInLargeBatchesIsDemandToo() {
    Autoscaler autoscaler = new Autoscaler(POLICY, Map.of(), TenantCaps.NONE);
    for (int i = 1; i <= 5; i++) {
      autoscaler.add(Events.expert("s", "a", i, 0.6, 0, false, 3), i * 1000L);
    }
    autoscaler.advance(6000);

    ShardLoad load = autoscaler.snapshot().shard("s").orElseThrow().load();
    // 600 tokens/s in batches of 200 ms, of which a token takes 1: 119.4 wait for others
    assertThat(load.queuedTokens()).isCloseTo(119.4, within(0.1));
    assertThat(load.demand()).isCloseTo(0.6 + 0.1194, within(0.001));
  }

  @Test
  void eventsThatAreToldTwiceInAnyOrderWithAnyClockCountOnce() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<LoadEvent> told = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      LoadEvent event = Events.expert("s", "a", i, 0.5);
      told.addAll(List.of(event, skewed(event, random), skewed(event, random)));
    }
    Collections.shuffle(told, random);
    Autoscaler autoscaler = new Autoscaler(POLICY, Map.of(), TenantCaps.NONE);
    told.forEach(event -> autoscaler.add(event, 10_500));
    autoscaler.advance(11_000);

    ShardLoad load = autoscaler.snapshot().shard("s").orElseThrow().load();
    assertThat(load.demand()).as("seed %d", seed).isCloseTo(0.5, within(1e-9));
    assertThat(autoscaler.duplicates()).isEqualTo(10);
  }

  private static LoadEvent skewed(LoadEvent e, Random random) {
    return new LoadEvent(
        e.service(),
        e.shard(),
        e.replica(),
        e.model(),
        e.sequence(),
        e.endMillis() + random.nextInt(600_000) - 300_000,
        e.intervalMillis(),
        e.leaving(),
        e.tokensIn(),
        e.tokensOut(),
        e.batches(),
        e.busySeconds(),
        e.queueMeanMillis(),
        e.queueP99Millis(),
        e.inFlightTokens(),
        e.shed(),
        e.experts(),
        e.parked(),
        e.tenants());
  }

  @Test
  void aRouterThatBeginsToCountAnewIsHeardOnceTheOldOneIsForgotten() {
    Autoscaler autoscaler = new Autoscaler(POLICY.bounds(0, 4), Map.of(), TenantCaps.NONE);
    autoscaler.add(Events.router(1_000_000, Map.of()), 0);
    for (int second = 1; second < 700; second++) {
      autoscaler.add(Events.expert("s", "a", second, 0.5), second * 1000L);
    }
    autoscaler.add(Events.router(0, Map.of("cold", 1L)), 700_000);
    autoscaler.add(Events.router(0, Map.of("cold", 1L)), 700_100);
    autoscaler.advance(701_000);

    assertThat(autoscaler.snapshot().shard("cold").orElseThrow().decision().wanted()).isEqualTo(1);
    assertThat(autoscaler.duplicates()).isEqualTo(1);
  }

  @Test
  void twoAutoscalersThatReadTheSameEventsAtOtherMomentsSayTheSame() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Autoscaler prompt = new Autoscaler(POLICY.bounds(0, 8), Map.of(), TenantCaps.NONE);
    Autoscaler tardy = new Autoscaler(POLICY.bounds(0, 8), Map.of(), TenantCaps.NONE);
    for (int second = 1; second <= 900; second++) {
      double busy = second < 400 ? random.nextDouble() : 0;
      for (String replica : List.of("a", "b", "c")) {
        LoadEvent event = Events.expert("s", replica, second, busy);
        long at = second * 1000L - 1 - random.nextInt(900);
        prompt.add(event, at);
        prompt.advance(second * 1000L - 900 + random.nextInt(900));
        tardy.add(event, at);
      }
      prompt.advance(second * 1000L);
    }
    tardy.advance(900_000);

    assertThat(tardy.snapshot().shard("s")).as("seed %d", seed).isPresent();
    assertThat(tardy.snapshot().shard("s").orElseThrow().demand())
        .isEqualTo(prompt.snapshot().shard("s").orElseThrow().demand());
    assertThat(tardy.snapshot().shard("s").orElseThrow().active())
        .isEqualTo(prompt.snapshot().shard("s").orElseThrow().active());
  }

  @Test
  void aSilentReplicaHoldsItsShardUntilItIsGone() {
    Autoscaler autoscaler = new Autoscaler(POLICY, Map.of(), TenantCaps.NONE);
    for (int second = 1; second <= 100; second++) {
      autoscaler.add(Events.expert("s", "a", second, 0.1), second * 1000L - 10);
      if (second < 80) {
        autoscaler.add(Events.expert("s", "b", second, 0.1), second * 1000L - 10);
      }
      autoscaler.advance(second * 1000L);
      ShardView view = autoscaler.snapshot().shard("s").orElseThrow();
      if (second > 86 && second < 94) {
        assertThat(view.load().silent()).isEqualTo(1);
        assertThat(view.decision().reason()).contains("silent: held");
      }
    }
    assertThat(autoscaler.snapshot().shard("s").orElseThrow().load().replicas()).isEqualTo(1);
  }

  @Test
  void aTenantBeyondItsCapIsNotProvidedFor() {
    Fleet fleet = new Fleet(POLICY, 1, TenantCaps.parse(List.of("acme=0.6")));
    for (int i = 0; i < 30; i++) {
      fleet.autoscaler.add(
          Events.gateway(i, Map.of("acme", 900L, "small", 100L)), fleet.nowMillis() + 100);
      fleet.second(3.0);
    }
    // a tenth of the demand is the small tenant's, of the rest 0.6 are provided for
    ShardView view = fleet.view();
    assertThat(view.demand()).isCloseTo(0.1 * view.load().demand() + 0.6, within(0.01));
    assertThat(view.demand()).isLessThan(view.load().demand());
    assertThat(view.decision().reason()).contains("caps of tenants allow");
  }

  private static void run(Fleet fleet, int seconds, double demand) {
    for (int i = 0; i < seconds; i++) {
      fleet.second(demand);
    }
  }
}
