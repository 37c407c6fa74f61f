package io.expertmesh.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.ErrorCode;
import org.junit.jupiter.api.Test;

/**
 * Engines, routers and replicas as state machines under one virtual clock, with faults. A failure
 * names its seed; {@code -Dsimulation.seed=N} runs that one alone, {@code -Dsimulation.seeds=N}
 * runs more of them.
 */
class MeshSimulationTest {
  private static final int SEEDS = 200;

  @Test
  void whateverHappensEveryRequestEndsOnceAndEveryNumberIsTheDirectComputations() {
    Tally all = new Tally();
    for (long seed = firstSeed(); seed < endOfSeeds(); seed++) {
      all.add(Simulation.run(seed));
    }
    System.out.println("simulation: " + all);
    if (endOfSeeds() - firstSeed() >= SEEDS) {
      assertThat(all.completed).as("completed requests").isGreaterThan(SEEDS * 5L);
      assertThat(all.preemptions).as("preemptions").isPositive();
      assertThat(all.evictions).as("evicted pages").isPositive();
      assertThat(all.reusedTokens).as("tokens from the prefix cache").isPositive();
      assertThat(all.retries).as("pairs sent again").isPositive();
      assertThat(all.ejections).as("replicas thrown out").isPositive();
      assertThat(all.lateReplies).as("late replies").isPositive();
      assertThat(all.unavailableRows).as("rows without a replica").isPositive();
      assertThat(all.failed)
          .containsKeys(
              ErrorCode.CANCELLED,
              ErrorCode.DEADLINE_EXCEEDED,
              ErrorCode.EXPERT_UNAVAILABLE,
              ErrorCode.OVERLOADED);
    }
  }

  @Test
  void theSameSeedIsTheSameRun() {
    assertThat(Simulation.run(1)).hasToString(Simulation.run(1).toString());
  }

  private static long firstSeed() {
    return Long.getLong("simulation.seed", 1);
  }

  private static long endOfSeeds() {
    int count = Long.getLong("simulation.seed") == null ? SEEDS : 1;
    return firstSeed() + Integer.getInteger("simulation.seeds", count);
  }
}
