package io.expertmesh.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every micro-benchmark, once and shortly, in this process: that they run, not how fast. */
@Timeout(60)
class BenchmarksRunTest {
  @BeforeAll
  static void letOtherJmhRunsBe() {
    // The lock protects figures, and these are thrown away.
    System.setProperty("jmh.ignoreLock", "true");
  }

  @Test
  void rowMessagesAreWrittenAndRead() throws RunnerException {
    assertThat(run("RowMarshallerBenchmark")).hasSize(4);
  }

  @Test
  void rowKernelsRunWithBothProviders() throws RunnerException {
    assertThat(run("RowKernelsBenchmark")).hasSize(14);
  }

  @Test
  void attentionRunsAtEveryContextWithBothProviders() throws RunnerException {
    assertThat(run("AttendBenchmark")).hasSize(6);
  }

  private static Collection<RunResult> run(String benchmark) throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include("\\." + benchmark + "\\.")
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(50))
                    .verbosity(VerboseMode.SILENT)
                    .shouldFailOnError(true)
                    .build())
            .run();
    assertThat(results)
        .allSatisfy(result -> assertThat(result.getPrimaryResult().getScore()).isPositive());
    return results;
  }
}
