package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoutingReportTest {
  private static final PromptRouting TWO_LAYERS =
      new PromptRouting(
          List.of(
              new PromptRouting.Layer(0, 4, "SoftmaxTopK"),
              new PromptRouting.Layer(2, 2, "SwitchTop1")),
          List.of(
              token("A", new int[] {0, 3}, new float[] {.25f, .75f}, new int[] {1}),
              token(" b\n", new int[] {0, 1}, new float[] {.5f, .5f}, new int[] {0}),
              token("\u001b[2J", new int[] {0, 3}, new float[] {.875f, .125f}, new int[0])));

  private static PromptRouting.Token token(
      String text, int[] experts, float[] weights, int[] second) {
    float[] ones = new float[second.length];
    return new PromptRouting.Token(
        text,
        List.of(experts, second),
        List.of(weights, ones),
        List.of(new int[0], second.length == 0 ? new int[] {1} : new int[0]));
  }

  @Test
  void withoutColoursTheExpertsStandBehindEachToken() {
    List<String> lines = RoutingReport.of(TWO_LAYERS, new ExpertColours(false)).lines();

    assertThat(lines.subList(0, 9))
        .containsExactly(
            "layer 0",
            "A[0,3] b↵[0,1]·[2J[0,3]",
            "",
            "layer 2",
            "A[1] b↵[0]·[2J[]",
            "",
            "LAYER  POLICY       EXPERTS  UNUSED  DROPPED  CV IMPORTANCE  CV LOAD",
            "    0  SoftmaxTopK        4       1        0          0.791    0.745",
            "    2  SwitchTop1         2       0        1          0.000    0.000");
    assertThat(lines)
        .contains(
            "layer 0, share of each expert",
            "  #0    50.0%  #1    16.7%  #2     0.0%  #3    33.3%");
    assertThat(String.join("", lines)).doesNotContain("\u001b");
  }

  @Test
  void coloursFollowTheHeaviestExpertAndNoTokenCommandsTheTerminal() {
    ExpertColours colours = new ExpertColours(true);
    String text = RoutingReport.of(TWO_LAYERS, colours).lines().get(1);

    assertThat(text)
        .isEqualTo(colours.mark(3, "A") + colours.mark(0, " b↵") + colours.mark(0, "·[2J"));
    assertThat(colours.mark(0, "x")).isNotEqualTo(colours.mark(1, "x")).startsWith("\u001b[");
    assertThat(colours.mark(16, "x")).isNotEqualTo(colours.mark(0, "x"));
    assertThat(colours.mark(-1, "x")).isEqualTo("x");
  }

  @Test
  void importanceAndLoadAreCountedPerExpert() {
    LayerUse use = LayerUse.of(TWO_LAYERS, 0);

    assertThat(use.importance()).containsExactly(1.625, .5, 0, .875);
    assertThat(use.load()).containsExactly(3, 1, 0, 2);
    assertThat(use.share(0)).isEqualTo(.5);
    assertThat(use.loadVariation()).isCloseTo(Math.sqrt(5) / 3, within(1e-12));
    assertThat(LayerUse.of(TWO_LAYERS, 1).dropped()).isEqualTo(1);
  }

  @Test
  void ofVeryManyExpertsTheMostUsedAreListedUnlessOneLayerIsAskedFor() {
    int[] all = IntStream.range(0, 64).toArray();
    PromptRouting wide =
        new PromptRouting(
            Collections.nCopies(2, new PromptRouting.Layer(5, 64, "ExpertChoice")),
            List.of(
                new PromptRouting.Token(
                    "x",
                    List.of(all, new int[] {63}),
                    List.of(new float[64], new float[1]),
                    List.of(new int[0], new int[0]))));

    String lines = String.join("\n", RoutingReport.of(wide, new ExpertColours(false)).lines());
    assertThat(lines).contains("(the 32 most used; --layer shows all)").contains("#63  100.0%");
  }

  @Test
  void aLayerWithoutExpertsIsRefusedWithThoseThatHaveSome() {
    RoutingReport report = RoutingReport.of(TWO_LAYERS, new ExpertColours(false));

    assertThat(report.onlyLayer(2).lines()).startsWith("layer 2").doesNotContain("layer 0");
    assertThatThrownBy(() -> report.onlyLayer(1))
        .isInstanceOf(LauncherException.class)
        .hasMessage("--layer is 1, which has no routed experts; those that have are 0, 2.");
  }
}
