package io.expertmesh.expert.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchQueueTest {
  private static final int WIDTH = 1;

  private final PairBatch batch = new PairBatch(4);
  private long now = 1_000;

  @Test
  void pairsOfOneBlockAreTakenTogetherWhoeverSentThem() {
    BatchQueue queue = new BatchQueue(3, 100);
    queue.offer(call("a", Long.MAX_VALUE, 2, 0), now);
    queue.offer(call("b", Long.MAX_VALUE, 0, 1), now);

    assertThat(queue.takeNext(batch, now)).isTrue();
    assertThat(batch.block()).isEqualTo(2);
    assertThat(batch.size()).isEqualTo(1);
    queue.completed(batch, 1, now);
    assertThat(queue.takeNext(batch, now)).isTrue();
    assertThat(batch.block()).isEqualTo(0);
    assertThat(batch.size()).isEqualTo(2);
  }

  @Test
  void aBlockThatDoesNotFitKeepsItsPlaceByItsOldestPair() {
    BatchQueue queue = new BatchQueue(2, 100);
    queue.offer(call("a", Long.MAX_VALUE, 0, 0, 0, 0, 0), now);
    queue.offer(call("b", Long.MAX_VALUE, 1), now);

    assertThat(queue.takeNext(batch, now)).isTrue();
    assertThat(batch.size()).isEqualTo(4);
    queue.completed(batch, 1, now);
    // The fifth pair of block 0 is older than the one of block 1.
    assertThat(queue.takeNext(batch, now)).isTrue();
    assertThat(batch.block()).isEqualTo(0);
    assertThat(batch.size()).isEqualTo(1);
  }

  @Test
  void aCallEndsWhenItsLastPairIsDone() {
    BatchQueue queue = new BatchQueue(2, 100);
    ComputeCall call = call("a", Long.MAX_VALUE, 0, 1);
    queue.offer(call, now);
    queue.takeNext(batch, now + 5);
    queue.completed(batch, 7, now);
    assertThat(queue.pollEnded()).isNull();
    queue.takeNext(batch, now);
    queue.completed(batch, 4, now);

    assertThat(queue.pollEnded()).isSameAs(call);
    assertThat(call.outcome()).isEqualTo(CallOutcome.COMPLETED);
    assertThat(call.queueNanos()).isEqualTo(5);
    assertThat(call.computeNanos()).isEqualTo(11);
    assertThat(queue.isIdle()).isTrue();
  }

  @Test
  void aFullQueueRefusesAtOnceAndSaysTheLimit() {
    BatchQueue queue = new BatchQueue(1, 3);
    queue.offer(call("a", Long.MAX_VALUE, 0, 0), now);
    ComputeCall refused = call("b", Long.MAX_VALUE, 0, 0);

    assertThat(queue.offer(refused, now)).isFalse();
    assertThat(refused.outcome()).isEqualTo(CallOutcome.OVERLOADED);
    assertThat(refused.error()).contains("limit is 3");
    // Pairs that run count as well.
    queue.takeNext(batch, now);
    assertThat(queue.offer(call("b", Long.MAX_VALUE, 0, 0), now)).isFalse();
    queue.completed(batch, 1, now);
    assertThat(queue.offer(call("b", Long.MAX_VALUE, 0, 0), now)).isTrue();
  }

  @Test
  void aCallWhoseDeadlinePassedIsNotStarted() {
    BatchQueue queue = new BatchQueue(1, 10);
    ComputeCall late = call("a", now + 10, 0);
    ComputeCall dead = call("a", now - 1, 0);
    queue.offer(late, now);

    assertThat(queue.offer(dead, now)).isFalse();
    assertThat(dead.outcome()).isEqualTo(CallOutcome.DEADLINE_EXCEEDED);
    assertThat(queue.takeNext(batch, now + 10)).isFalse();
    assertThat(queue.pollEnded()).isSameAs(late);
    assertThat(late.outcome()).isEqualTo(CallOutcome.DEADLINE_EXCEEDED);
    assertThat(queue.isIdle()).isTrue();
  }

  @Test
  void aSourceThatLeftTakesItsCallsWithIt() {
    BatchQueue queue = new BatchQueue(2, 10);
    ComputeCall gone = call("a", Long.MAX_VALUE, 0, 1);
    ComputeCall stays = call("b", Long.MAX_VALUE, 1);
    queue.offer(gone, now);
    queue.offer(stays, now);
    queue.takeNext(batch, now);
    queue.cancel(gone.source(), now);

    assertThat(queue.waitingPairs()).isEqualTo(1);
    queue.completed(batch, 1, now);
    assertThat(queue.pollEnded()).isSameAs(gone);
    assertThat(gone.outcome()).isEqualTo(CallOutcome.CANCELLED);
    queue.takeNext(batch, now);
    assertThat(batch.size()).isEqualTo(1);
    queue.completed(batch, 1, now);
    assertThat(queue.pollEnded()).isSameAs(stays);
  }

  @Test
  void aDrainingQueueFinishesWhatItTookAndTakesNothing() {
    BatchQueue queue = new BatchQueue(1, 10);
    ComputeCall taken = call("a", Long.MAX_VALUE, 0);
    ComputeCall refused = call("a", Long.MAX_VALUE, 0);
    queue.offer(taken, now);
    queue.drain();

    assertThat(queue.offer(refused, now)).isFalse();
    assertThat(refused.outcome()).isEqualTo(CallOutcome.DRAINING);
    assertThat(queue.isIdle()).isFalse();
    queue.takeNext(batch, now);
    queue.completed(batch, 1, now);
    assertThat(queue.pollEnded()).isSameAs(taken);
    assertThat(queue.isIdle()).isTrue();
  }

  @Test
  void anEmptyCallIsCompleteAtOnce() {
    BatchQueue queue = new BatchQueue(1, 10);
    ComputeCall empty = call("a", Long.MAX_VALUE);

    assertThat(queue.offer(empty, now)).isTrue();
    assertThat(queue.pollEnded()).isSameAs(empty);
    assertThat(empty.outcome()).isEqualTo(CallOutcome.COMPLETED);
  }

  @Test
  void underRandomEventsEveryCallEndsOnceAndEveryPairIsComputedAtMostOnce() {
    for (long seed = 0; seed < 200; seed++) {
      new Run(seed).play();
    }
  }

  /** One seeded run against a plain account of what must have happened. */
  private static final class Run {
    private final long seed;
    private final Random random;
    private final int blocks;
    private final int limit;
    private final BatchQueue queue;
    private final PairBatch running;
    private final List<String> sources = List.of("a", "b", "c");
    private final Map<ComputeCall, int[]> timesComputed = new HashMap<>();
    private final Map<ComputeCall, Integer> timesEnded = new HashMap<>();
    private final Map<ComputeCall, Long> deadlines = new HashMap<>();
    private boolean taken;
    private long time = 500;

    Run(long seed) {
      this.seed = seed;
      random = new Random(seed);
      blocks = 1 + random.nextInt(6);
      limit = 1 + random.nextInt(60);
      queue = new BatchQueue(blocks, limit);
      running = new PairBatch(1 + random.nextInt(12));
    }

    void play() {
      for (int event = 0; event < 400; event++) {
        time += random.nextInt(3);
        switch (random.nextInt(8)) {
          case 0, 1, 2 -> offer();
          case 3, 4 -> take();
          case 5, 6 -> finish();
          default -> {
            if (random.nextInt(6) == 0) {
              queue.cancel(sources.get(random.nextInt(3)), time);
            }
          }
        }
        check();
      }
      queue.drain();
      ComputeCall refused = call("a", Long.MAX_VALUE, 0);
      assertThat(queue.offer(refused, time)).as("seed %s", seed).isFalse();
      while (taken || queue.waitingPairs() > 0) {
        take();
        finish();
        check();
      }
      // Calls that ended in other ways may have left nothing to take.
      take();
      finish();
      check();
      assertThat(queue.isIdle()).as("seed %s", seed).isTrue();
      timesEnded.forEach(
          (call, times) -> {
            assertThat(times).as("seed %s", seed).isOne();
            if (call.outcome() == CallOutcome.COMPLETED) {
              assertThat(timesComputed.get(call)).as("seed %s", seed).containsOnly(1);
              assertResults(call);
            }
          });
    }

    private void assertResults(ComputeCall call) {
      float[] results = call.results();
      for (int pair = 0; pair < call.pairs(); pair++) {
        assertThat(results[pair])
            .as("seed %s", seed)
            .isEqualTo(pair * 100f + call.block(pair) * 10_000f);
      }
    }

    private void offer() {
      int[] pairBlocks = new int[1 + random.nextInt(10)];
      for (int i = 0; i < pairBlocks.length; i++) {
        pairBlocks[i] = random.nextInt(blocks);
      }
      long deadline = random.nextInt(3) == 0 ? time + random.nextInt(20) - 2 : Long.MAX_VALUE;
      int before = queue.waitingPairs() + queue.runningPairs();
      ComputeCall call = call(sources.get(random.nextInt(3)), deadline, pairBlocks);
      boolean admitted = queue.offer(call, time);
      boolean expired = deadline != Long.MAX_VALUE && deadline <= time;
      assertThat(admitted)
          .as("seed %s", seed)
          .isEqualTo(!expired && before + pairBlocks.length <= limit);
      if (admitted) {
        timesComputed.put(call, new int[pairBlocks.length]);
        timesEnded.put(call, 0);
        deadlines.put(call, deadline);
      } else {
        assertThat(call.hasEnded()).as("seed %s", seed).isTrue();
      }
    }

    private void take() {
      if (taken) {
        return;
      }
      taken = queue.takeNext(running, time);
      for (int i = 0; i < running.size(); i++) {
        ComputeCall call = running.call(i);
        long deadline = Objects.requireNonNull(deadlines.get(call));
        assertThat(deadline == Long.MAX_VALUE || deadline > time)
            .as("seed %s: a pair was started after its deadline", seed)
            .isTrue();
        assertThat(timesEnded.get(call)).as("seed %s", seed).isZero();
      }
    }

    private void finish() {
      if (!taken) {
        return;
      }
      taken = false;
      float[] input = new float[running.size()];
      running.gather(input);
      for (int i = 0; i < input.length; i++) {
        int pair = (int) (input[i] / 100);
        Objects.requireNonNull(timesComputed.get(running.call(i)))[pair]++;
        input[i] += running.block() * 10_000f;
      }
      running.scatter(input);
      if (random.nextInt(20) == 0) {
        queue.failed(running, "a planted failure", time);
      } else {
        queue.completed(running, 1, time);
      }
    }

    private void check() {
      for (ComputeCall call = queue.pollEnded(); call != null; call = queue.pollEnded()) {
        timesEnded.merge(call, 1, Integer::sum);
      }
      int alive = 0;
      for (Map.Entry<ComputeCall, Integer> entry : timesEnded.entrySet()) {
        assertThat(entry.getValue()).as("seed %s", seed).isLessThanOrEqualTo(1);
        if (entry.getValue() == 0) {
          alive += entry.getKey().waiting();
        }
      }
      for (int[] times : timesComputed.values()) {
        for (int computed : times) {
          assertThat(computed).as("seed %s", seed).isBetween(0, 1);
        }
      }
      assertThat(queue.waitingPairs()).as("seed %s", seed).isEqualTo(alive);
      assertThat(queue.runningPairs()).as("seed %s", seed).isEqualTo(taken ? running.size() : 0);
      assertThat(queue.waitingPairs() + queue.runningPairs())
          .as("seed %s", seed)
          .isLessThanOrEqualTo(limit);
    }
  }

  /** Pair i asks for row i, whose one value is 100 · i. */
  private static ComputeCall call(String source, long deadline, int... blocks) {
    float[] rows = new float[blocks.length];
    int[] pairRows = new int[blocks.length];
    for (int i = 0; i < blocks.length; i++) {
      rows[i] = 100f * i;
      pairRows[i] = i;
    }
    return new ComputeCall(source, rows, 0, WIDTH, pairRows, blocks, deadline, call -> {});
  }

  @Test
  void gaugesTellTheAgeOfTheOldestCall() {
    BatchQueue queue = new BatchQueue(1, 10);
    assertThat(queue.oldestAgeNanos(now)).isZero();
    queue.offer(call("a", Long.MAX_VALUE, 0), now);
    queue.offer(call("b", Long.MAX_VALUE, 0), now + 3);

    assertThat(queue.oldestAgeNanos(now + 10)).isEqualTo(10);
  }
}
