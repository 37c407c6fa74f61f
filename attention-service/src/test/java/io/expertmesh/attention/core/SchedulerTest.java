package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scheduler and pages under random traffic, with everything checked after every event. */
class SchedulerTest {
  private static final int SEEDS = 200;
  private static final int EVENTS = 400;

  /** Longer than any backoff. */
  private static final long FAR = 200_000_000;

  @Test
  void randomTrafficKeepsEveryInvariant() {
    for (int seed = 0; seed < SEEDS; seed++) {
      try {
        new Driver(seed).run();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  @Test
  void decodingSequencesComeFirstAndPrefillIsBoundedBesideThem() {
    PagePool pool = new PagePool(100, false);
    Scheduler scheduler =
        new Scheduler(new SchedulerLimits(64, 8, 8, 8), pool, new int[0], _ -> {});
    Sequence early = scheduler.submit(request(4, 10));
    StepPlan first = scheduler.plan(0);
    finishStep(scheduler, first);
    Sequence lengthy = scheduler.submit(request(200, 1));
    StepPlan second = scheduler.plan(0);
    assertThat(second.chunks()).extracting(Chunk::sequence).containsExactly(early, lengthy);
    assertThat(second.chunks()).extracting(Chunk::count).containsExactly(1, 8);
  }

  @Test
  void aPromptAloneMayUseTheWholeBudget() {
    Scheduler scheduler =
        new Scheduler(
            new SchedulerLimits(64, 8, 8, 8), new PagePool(100, false), new int[0], _ -> {});
    scheduler.submit(request(200, 1));
    assertThat(scheduler.plan(0).rows()).isEqualTo(64);
  }

  @Test
  void aFullQueueTurnsRequestsAway() {
    Scheduler scheduler =
        new Scheduler(
            new SchedulerLimits(64, 8, 8, 2), new PagePool(100, false), new int[0], _ -> {});
    scheduler.submit(request(4, 1));
    scheduler.submit(request(4, 1));
    assertThatThrownBy(() -> scheduler.submit(request(4, 1)))
        .isInstanceOfSatisfying(
            MeshException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 10_000})
  void aRequestThatCanNeverFitIsRefused(int tokens) {
    Scheduler scheduler =
        new Scheduler(
            new SchedulerLimits(64, 8, 8, 2), new PagePool(4, false), new int[0], _ -> {});
    assertThatThrownBy(() -> scheduler.submit(request(4, tokens)))
        .hasMessageContaining("key-value pages");
  }

  @Test
  void aSequenceThatLostItsPagesWhileItWasParkedIsLookedAtWhenItsBackoffIsOver() {
    Scheduler scheduler =
        new Scheduler(
            new SchedulerLimits(64, 8, 8, 8), new PagePool(3, false), new int[0], _ -> {});
    Sequence lengthy = scheduler.submit(request(15, 20));
    Sequence parked = scheduler.submit(request(4, 2));
    StepPlan first = scheduler.plan(0);
    assertThat(first.chunks()).extracting(Chunk::sequence).containsExactly(lengthy, parked);
    assertThat(scheduler.completed(first.chunks().getFirst())).isTrue();
    scheduler.append(lengthy, 1);
    scheduler.park(first.chunks().getLast(), ErrorCode.EXPERT_UNAVAILABLE, "gone", 0);
    while (lengthy.state() != SequenceState.FINISHED) {
      finishStep(scheduler, scheduler.plan(0));
    }
    assertThat(parked.preemptions()).isEqualTo(1);
    assertThat(scheduler.plan(0).isEmpty()).as("its backoff is not over").isTrue();
    long wake = scheduler.nextWake(0);
    assertThat(wake).isEqualTo(parked.notBefore());
    assertThat(scheduler.plan(wake).chunks()).extracting(Chunk::sequence).containsExactly(parked);
  }

  @Test
  void aRequestWaitsForAMissingExpertAsLongAsItMayAndNoLonger() {
    List<Sequence> ended = new ArrayList<>();
    Scheduler scheduler =
        new Scheduler(
            new SchedulerLimits(64, 8, 8, 8, 1_000_000_000),
            new PagePool(100, false),
            new int[0],
            ended::add);
    Sequence waits = scheduler.submit(request(4, 2));
    scheduler.park(only(scheduler.plan(7)), ErrorCode.EXPERT_UNAVAILABLE, "layer 1 expert 2", 7);
    assertThat(waits.state()).isEqualTo(SequenceState.PARKED);
    finishStep(scheduler, scheduler.plan(waits.notBefore()));

    // The wait begins anew with every attempt that follows one that went well.
    long later = 900_000_000;
    scheduler.park(only(scheduler.plan(later)), ErrorCode.EXPERT_UNAVAILABLE, "gone", later);
    long still = later + 999_999_999;
    scheduler.park(only(scheduler.plan(still)), ErrorCode.EXPERT_UNAVAILABLE, "gone", still);
    assertThat(ended).isEmpty();
    long over = still + FAR;
    scheduler.park(only(scheduler.plan(over)), ErrorCode.EXPERT_UNAVAILABLE, "gone", over);

    assertThat(ended).containsExactly(waits);
    assertThat(waits.outcome())
        .contains(new Outcome.Failed(ErrorCode.EXPERT_UNAVAILABLE, "no replica has it now: gone"));
  }

  @Test
  void aRequestThatMayNotWaitForAMissingExpertEndsAtOnce() {
    List<Sequence> ended = new ArrayList<>();
    Scheduler scheduler =
        new Scheduler(
            new SchedulerLimits(64, 8, 8, 8, 0), new PagePool(100, false), new int[0], ended::add);
    Sequence refused = scheduler.submit(request(4, 2));
    Sequence congested = scheduler.submit(request(4, 2));
    StepPlan plan = scheduler.plan(0);
    scheduler.park(plan.chunks().getFirst(), ErrorCode.EXPERT_UNAVAILABLE, "gone", 0);
    scheduler.park(plan.chunks().getLast(), ErrorCode.OVERLOADED, "full", 0);

    assertThat(ended).containsExactly(refused);
    assertThat(congested.state()).isEqualTo(SequenceState.PARKED);
  }

  @Test
  void aPromptThatMustStayWholeWaitsForRoomAndNobodyOvertakesIt() {
    Scheduler scheduler =
        new Scheduler(
            new SchedulerLimits(64, 8, 8, 8),
            new PagePool(100, true),
            new int[0],
            OptionalInt.of(1000),
            _ -> {});
    Sequence early = scheduler.submit(request(40, 10));
    Sequence lengthy = scheduler.submit(request(56, 1));
    Sequence small = scheduler.submit(request(4, 1));
    StepPlan first = scheduler.plan(0);
    assertThat(first.chunks()).extracting(Chunk::sequence).containsExactly(early);
    finishStep(scheduler, first);
    StepPlan second = scheduler.plan(0);
    assertThat(second.chunks()).extracting(Chunk::sequence).containsExactly(early, lengthy, small);
    assertThat(second.chunks()).extracting(Chunk::count).containsExactly(1, 56, 4);
  }

  @Test
  void allOfAPromptIsComputedToScoreItWhereItMustStayWhole() {
    Scheduler scheduler =
        new Scheduler(
            new SchedulerLimits(64, 8, 8, 8),
            new PagePool(100, false),
            new int[0],
            OptionalInt.of(1000),
            _ -> {});
    scheduler.submit(scored(20));
    Chunk chunk = only(scheduler.plan(0));
    assertThat(chunk.count()).isEqualTo(20);
    assertThat(chunk.scoreTo()).isEqualTo(19);
  }

  private static GenerationRequest scored(int prompt) {
    return new GenerationRequest(
        "r",
        new int[prompt],
        0,
        0,
        0,
        SamplingSettings.greedy(),
        new int[0],
        true,
        OptionalInt.empty(),
        OptionalInt.of(1),
        Long.MAX_VALUE,
        new byte[0]);
  }

  private static Chunk only(StepPlan plan) {
    assertThat(plan.chunks()).hasSize(1);
    return plan.chunks().getFirst();
  }

  private static void finishStep(Scheduler scheduler, StepPlan plan) {
    for (Chunk chunk : plan.chunks()) {
      if (scheduler.completed(chunk) && chunk.samples()) {
        scheduler.append(chunk.sequence(), 1);
      }
    }
  }

  private static GenerationRequest request(int prompt, int maxTokens) {
    return GenerationRequest.greedy("r", new int[prompt], maxTokens, Long.MAX_VALUE);
  }

  private static final class Driver {
    private final Random random;
    private final PagePool pool;
    private final Scheduler scheduler;
    private final Map<Sequence, Integer> ends = new HashMap<>();
    private final List<Sequence> submitted = new ArrayList<>();
    private final int budget;
    private final int longestPrompt;
    private final boolean whole;
    private long now;
    private int tokens;

    Driver(int seed) {
      random = new Random(seed);
      pool = new PagePool(4 + random.nextInt(30), random.nextBoolean());
      budget = 4 + random.nextInt(60);
      int sequences = 1 + random.nextInt(Math.min(budget - 1, 8));
      whole = seed % 3 == 0;
      longestPrompt = whole ? budget - sequences : 50;
      scheduler =
          new Scheduler(
              new SchedulerLimits(budget, 1 + random.nextInt(20), sequences, 10),
              pool,
              new int[] {2},
              whole ? OptionalInt.of(longestPrompt) : OptionalInt.empty(),
              sequence -> ends.merge(sequence, 1, Integer::sum));
    }

    void run() {
      for (int i = 0; i < EVENTS; i++) {
        int kind = random.nextInt(10);
        if (kind < 3) {
          submit();
        } else if (kind == 3 && !submitted.isEmpty()) {
          scheduler.cancel(submitted.get(random.nextInt(submitted.size())), "random");
        } else {
          step();
        }
        check();
      }
      for (int i = 0; i < 100_000 && !scheduler.all().isEmpty(); i++) {
        now += 1_000_000;
        step();
        check();
      }
      assertThat(ends).hasSameSizeAs(submitted).allSatisfy((_, n) -> assertThat(n).isOne());
      assertThat(pool.inUse()).isZero();
      assertThat(tokens).isPositive();
    }

    private void submit() {
      int prompt = 1 + random.nextInt(longestPrompt);
      // few distinct prompts, so that prefixes are found
      int[] ids = new Random(random.nextInt(3)).ints(prompt, 0, 5).toArray();
      int maxTokens = random.nextInt(30);
      boolean scores = random.nextInt(4) == 0;
      long deadline = now + (random.nextInt(5) == 0 ? 3 : 400) * 1_000_000L;
      try {
        submitted.add(
            scheduler.submit(
                new GenerationRequest(
                    "r",
                    ids,
                    0,
                    maxTokens,
                    0,
                    SamplingSettings.greedy(),
                    new int[0],
                    random.nextBoolean(),
                    OptionalInt.empty(),
                    scores ? OptionalInt.of(1) : OptionalInt.empty(),
                    deadline,
                    new byte[] {(byte) random.nextInt(2)})));
      } catch (MeshException e) {
        assertThat(e.code()).isIn(ErrorCode.OVERLOADED, ErrorCode.CONTEXT_LENGTH_EXCEEDED);
      }
    }

    private void step() {
      now += random.nextInt(1_000_000);
      StepPlan plan = scheduler.plan(now);
      checkPlan(plan);
      if (random.nextInt(10) == 0 && !plan.isEmpty()) {
        // in the running step: must keep its pages until it is settled
        Sequence sequence = plan.chunks().getFirst().sequence();
        scheduler.cancel(sequence, "during the step");
        assertThat(sequence.table().count()).isPositive();
      }
      for (Chunk chunk : plan.chunks()) {
        settle(chunk);
      }
    }

    private void settle(Chunk chunk) {
      int fate = random.nextInt(20);
      if (fate == 0) {
        scheduler.park(chunk, ErrorCode.EXPERT_UNAVAILABLE, "gone", now);
      } else if (fate == 1) {
        scheduler.fail(chunk, ErrorCode.NON_FINITE, "NaN");
      } else if (scheduler.completed(chunk)) {
        Sequence sequence = chunk.sequence();
        if (chunk.scoreTo() > chunk.scoreFrom()) {
          scheduler.scored(sequence, chunk.scoreTo() + 1);
        }
        if (chunk.samples()) {
          scheduler.append(sequence, random.nextInt(40));
          tokens++;
        }
      }
    }

    private void checkPlan(StepPlan plan) {
      Set<Sequence> seen = new HashSet<>();
      int rows = 0;
      for (Chunk chunk : plan.chunks()) {
        assertThat(seen.add(chunk.sequence())).isTrue();
        assertThat(chunk.sequence().state()).isEqualTo(SequenceState.RUNNING);
        assertThat(chunk.first()).isEqualTo(chunk.sequence().computed());
        assertThat(chunk.count()).isPositive();
        if (whole && chunk.promptCount() > 0) {
          assertThat(chunk.promptCount()).isEqualTo(chunk.sequence().request().promptLength());
          assertThat(chunk.count()).isLessThanOrEqualTo(longestPrompt);
        }
        assertThat(chunk.sequence().table().count() * 16).isGreaterThanOrEqualTo(chunk.end());
        rows += chunk.count();
      }
      assertThat(rows).isEqualTo(plan.rows()).isLessThanOrEqualTo(budget);
    }

    private void check() {
      pool.checkInvariants();
      Set<Integer> pages = new HashSet<>();
      for (Sequence sequence : scheduler.all()) {
        assertThat(sequence.computed()).isLessThanOrEqualTo(sequence.length());
        for (int i = 0; i < sequence.table().count(); i++) {
          pages.add(sequence.table().pages()[i]);
        }
        if (sequence.state() == SequenceState.WAITING) {
          assertThat(sequence.table().count()).isZero();
        }
      }
      assertThat(pool.inUse()).isEqualTo(pages.size());
      ends.forEach((sequence, _) -> assertThat(sequence.table().count()).isZero());
    }
  }
}
