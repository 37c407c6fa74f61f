package io.expertmesh.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Proves that the simulation finds what it is there to find. */
class PlantedBugsTest {
  private static final long SEEDS = 200;

  static List<PlantedBug> bugs() {
    return PlantedBug.all();
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void thePlaceOfEveryBugIsStillThere(PlantedBug bug) {
    new MutatedMesh(bug.mutations()).makeChanges();
  }

  @ParameterizedTest
  @MethodSource("bugs")
  @Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyBugIsFound(PlantedBug bug) {
    String failure = new MutatedMesh(bug.mutations()).firstFailure(1, 1 + SEEDS);
    assertThat(failure).as("what the simulation says of: %s", bug).isNotEmpty();
    List<String> lines = failure.lines().toList();
    System.out.println(
        "found with seed " + lines.getFirst() + ": " + bug + "\n    " + lines.get(1));
  }
}
