package io.expertmesh.autoscaler.core.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.autoscaler.core.ScalingPolicy;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayTest {
  private static final ScalingPolicy POLICY = ScalingPolicy.standard().bounds(1, 64);
  private static final int START_SECONDS = 10;
  private static final double OBJECTIVE_SECONDS = 0.5;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aDayTakesFarFewerReplicaSecondsThanItsPeakAndHardlyAnyWorkWaits(long seed) {
    ReplayResult result =
        new Replay(SyntheticDay.of(seed, 8), POLICY, START_SECONDS, OBJECTIVE_SECONDS).run();

    assertThat(result.saved()).isGreaterThanOrEqualTo(0.375);
    assertThat(result.violations()).isLessThan(0.01);
    assertThat(result.replicaSeconds()).isGreaterThan(result.foresightReplicaSeconds());
  }

  @Test
  void aSteadyLoadCostsWhatItNeedsAndNothingWaits() {
    double[] steady = new double[3600];
    Arrays.fill(steady, 2.0);
    ReplayResult result =
        new Replay(
                new DemandTrace(List.of("s"), new double[][] {steady}),
                POLICY,
                START_SECONDS,
                OBJECTIVE_SECONDS)
            .run();

    assertThat(result.replicaSeconds()).isEqualTo(3 * 3600);
    assertThat(result.staticReplicaSeconds()).isEqualTo(3 * 3600);
    assertThat(result.violations()).isZero();
    assertThat(result.utilisation()).isCloseTo(2.0 / 3, within(0.01));
  }

  @Test
  void aStepBeyondCapacityWaitsForReplicasToStart() {
    double[] step = new double[600];
    Arrays.fill(step, 0, 300, 0.5);
    Arrays.fill(step, 300, 600, 3.0);
    ReplayResult result =
        new Replay(
                new DemandTrace(List.of("s"), new double[][] {step}),
                POLICY,
                START_SECONDS,
                OBJECTIVE_SECONDS)
            .run();

    assertThat(result.violations()).isGreaterThan(0);
    // what piled up before the new replicas work is gone soon after
    assertThat(result.violations()).isLessThan(30 * 3.0 / (300 * 3.5));
  }

  @Test
  void theReportHasARowPerMinuteAndPlotsOfTheWholeDay() {
    ReplayResult result =
        new Replay(SyntheticDay.of(7, 2), POLICY, START_SECONDS, OBJECTIVE_SECONDS).run();

    assertThat(ReplayReport.csv(result)).hasSize(1 + 24 * 60);
    assertThat(ReplayReport.lines(result))
        .anyMatch(line -> line.startsWith("demand"))
        .anyMatch(line -> line.startsWith("replica-seconds, perfect foresight"))
        .allMatch(line -> line.length() < 120);
  }
}
