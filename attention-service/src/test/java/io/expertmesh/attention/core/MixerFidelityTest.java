package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.kernel.DType;
import java.util.Arrays;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Models of every mixer and norm against their formulas, through the engine. */
class MixerFidelityTest {
  private static final double TOLERANCE = 1e-4;
  private static final SchedulerLimits LIMITS = new SchedulerLimits(256, 64, 8, 8);

  @ParameterizedTest
  @EnumSource(SpecZoo.class)
  void aPromptHasTheLogProbabilitiesOfTheFormulas(SpecZoo zoo) {
    try (SpecBench bench = new SpecBench(zoo.spec(), DType.F32);
        AttentionStack stack = bench.stack(1024, LIMITS, false)) {
      int[] prompt = bench.prompt(1, 40);
      RecordingSink sink = run(stack, prompt, 0);
      assertThat(sink.prompt).hasSize(40);
      double[][] expected = new SlowModel(bench.checkpoint).logits(prompt);
      for (int t = 1; t < prompt.length; t++) {
        assertClose(sink.prompt.get(t), expected[t - 1], t);
      }
    }
  }

  /** Where angles depend on the length of the prompt, generated tokens have no single formula. */
  @ParameterizedTest
  @EnumSource(
      value = SpecZoo.class,
      mode = Mode.EXCLUDE,
      names = {"LONG_ROPE", "DYNAMIC_ROPE"})
  void generatedTokensHaveTheLogProbabilitiesOfTheFormulas(SpecZoo zoo) {
    try (SpecBench bench = new SpecBench(zoo.spec(), DType.F32);
        AttentionStack stack = bench.stack(1024, LIMITS, false)) {
      int[] prompt = bench.prompt(2, 5);
      RecordingSink sink = run(stack, prompt, 30);
      assertThat(sink.tokens).hasSize(30);
      int[] all = Arrays.copyOf(prompt, 35);
      for (int i = 0; i < 30; i++) {
        all[5 + i] = sink.ids().get(i);
      }
      double[][] expected = new SlowModel(bench.checkpoint).logits(all);
      for (int i = 0; i < 30; i++) {
        assertClose(sink.tokens.get(i), expected[4 + i], 5 + i);
      }
    }
  }

  private static RecordingSink run(AttentionStack stack, int[] prompt, int tokens) {
    int all = SpecZoo.VOCAB;
    GenerationRequest request =
        new GenerationRequest(
            "r",
            prompt,
            0,
            tokens,
            0,
            SamplingSettings.greedy(),
            new int[0],
            true,
            OptionalInt.of(all),
            tokens == 0 ? OptionalInt.of(all) : OptionalInt.empty(),
            Long.MAX_VALUE,
            new byte[0]);
    RecordingSink sink = new RecordingSink();
    stack.core().submit(request, sink);
    while (stack.core().step(0) > 0) {}
    return sink;
  }

  private static void assertClose(ScoredToken token, double[] logits, int position) {
    double max = Arrays.stream(logits).max().orElseThrow();
    double sum = Math.log(Arrays.stream(logits).map(l -> Math.exp(l - max)).sum()) + max;
    assertThat(token.topIds()).hasSize(SpecZoo.VOCAB);
    for (int i = 0; i < token.topIds().length; i++) {
      double expected = logits[token.topIds()[i]] - sum;
      assertThat(Math.abs(token.topLogprobs()[i] - expected))
          .as("token %d at position %d", token.topIds()[i], position)
          .isLessThan(TOLERANCE);
    }
  }
}
