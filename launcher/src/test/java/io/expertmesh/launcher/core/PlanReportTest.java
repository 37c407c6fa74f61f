package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.protocol.core.placement.LayerLoads;
import io.expertmesh.protocol.core.placement.MachineBudget;
import io.expertmesh.protocol.core.placement.ShadowingRule;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanReportTest {
  private static final LayerLoads SKEWED = new LayerLoads(3, new long[] {600, 100, 200, 100});

  @Test
  void aPlanShowsTheBalanceBeforeAndAfterAndWhatIsReplicated() {
    PlanReport report = PlanReport.of(List.of(SKEWED), new MachineBudget(2, 3), Optional.empty());

    assertThat(report.lines())
        .containsExactly(
            "LAYER  EXPERTS  TOKENS  HOTTEST  EVEN SPLIT  PLANNED  REPLICATED",
            "    3        4    1000    60.0%        0.71     1.00  #0 on 2, #2 on 2");
    assertThat(report.machines(3).getFirst()).startsWith("MACHINE  TOKENS");
    assertThat(report.machines(3)).hasSize(3);
  }

  @Test
  void shadowedExpertsAreMarked() {
    PlanReport report =
        PlanReport.of(
            List.of(SKEWED),
            new MachineBudget(2, 3),
            Optional.of(ShadowingRule.serving(1e12, 1, 1, 1)));

    assertThat(report.shadowed().getFirst()).isNotEmpty();
    assertThat(report.lines().getLast()).contains("everywhere");
  }

  @Test
  void withoutLoadThereIsNothingToPlan() {
    assertThatThrownBy(
            () ->
                PlanReport.of(
                    List.of(new LayerLoads(0, new long[4])),
                    new MachineBudget(2, 2),
                    Optional.empty()))
        .hasMessageContaining("No expert has had a token yet");
  }

  @Test
  void aLayerThatWasNotPlannedIsRefused() {
    PlanReport report = PlanReport.of(List.of(SKEWED), new MachineBudget(2, 3), Optional.empty());

    assertThatThrownBy(() -> report.machines(4)).hasMessage("--layer is 4, which has no loads");
  }

  @Test
  void loadsAreReadFromLines() {
    List<LayerLoads> loads =
        LoadLines.parse(List.of("# layer expert tokens", "", "1 2 30", "0 0 5"));

    assertThat(loads).hasSize(2);
    assertThat(loads.get(1).layer()).isEqualTo(1);
    assertThat(loads.get(1).tokens()).containsExactly(0, 0, 30);
    assertThatThrownBy(() -> LoadLines.parse(List.of("1 2 30", "1 x 3")))
        .hasMessage("Line 2 of the loads is '1 x 3', must be layer, expert and tokens.");
    assertThatThrownBy(() -> LoadLines.parse(List.of("1 2")))
        .hasMessageContaining("must be layer, expert and tokens");
  }
}
