package io.expertmesh.router.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class DispatcherSimulationTest {
  private static final int SEEDS = 200;

  @Test
  void everyCallEndsOnceWithTheRightBitsThroughAnyFaults() {
    long first = new Random().nextInt(1_000_000);
    long retries = 0;
    long ejections = 0;
    long late = 0;
    long unavailable = 0;
    long failed = 0;
    long completed = 0;
    for (long seed = first; seed < first + SEEDS; seed++) {
      SimulatedMesh mesh = new SimulatedMesh(seed);
      try {
        mesh.run(400);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
      retries += mesh.counters().retries();
      ejections += mesh.counters().ejections();
      late += mesh.counters().lateReplies();
      unavailable += mesh.counters().unavailableRows();
      failed += mesh.failed();
      completed += mesh.completed();
    }
    // a simulation without faults would prove nothing
    assertThat(retries).as("retries from seed %d", first).isGreaterThan(SEEDS);
    assertThat(ejections).as("ejections from seed %d", first).isGreaterThan(SEEDS);
    assertThat(late).as("late replies from seed %d", first).isGreaterThan(SEEDS);
    assertThat(unavailable).as("unavailable rows from seed %d", first).isGreaterThan(SEEDS);
    assertThat(failed).as("failures from seed %d", first).isGreaterThan(SEEDS);
    assertThat(completed).as("completions from seed %d", first).isGreaterThan(20L * SEEDS);
  }
}
