package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.kernel.DType;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** No mixer gives a request other bits because of what happens around it. */
class MixerLuckTest {
  /** Longer than the windows, and shorter or longer than the original lengths of rotations. */
  private static final List<Integer> PROMPTS = List.of(9, 35);

  private static final int ROOMY = 4096;
  private static final SchedulerLimits WIDE = new SchedulerLimits(2048, 2048, 32, 32);
  private static final SchedulerLimits NARROW = new SchedulerLimits(7, 3, 6, 32);

  static Stream<Arguments> models() {
    return Stream.of(SpecZoo.values())
        .flatMap(
            zoo ->
                Stream.of(DType.F32, DType.BF16)
                    .flatMap(type -> PROMPTS.stream().map(n -> Arguments.of(zoo, type, n))));
  }

  @ParameterizedTest
  @MethodSource("models")
  void batchesChunksPreemptionReuseAndResumptionChangeNoBit(SpecZoo zoo, DType type, int prompt) {
    try (SpecBench bench = new SpecBench(zoo.spec(), type)) {
      Traffic traffic = new Traffic(prompt, SpecZoo.VOCAB);
      List<RecordingSink> together;
      try (AttentionStack stack = bench.stack(ROOMY, WIDE, true)) {
        together = traffic.run(stack, 8);
        List<List<Integer>> reused = Traffic.bits(traffic.run(stack, 8));
        assertThat(reused).as("reused prefixes").isEqualTo(Traffic.bits(together));
      }
      try (AttentionStack stack = bench.stack(ROOMY, WIDE, false)) {
        RecordingSink alone = traffic.runOne(stack, 3);
        assertThat(alone.bits()).as("alone").isEqualTo(together.get(3).bits());
        RecordingSink rest = traffic.resume(stack, 3, alone.ids(), 11);
        RecordingSink expected = new RecordingSink();
        expected.tokens.addAll(alone.tokens.subList(11, Traffic.TOKENS));
        assertThat(rest.bits()).as("resumed").isEqualTo(expected.bits());
      }
      try (AttentionStack stack = bench.stack(ROOMY, NARROW, false)) {
        List<List<Integer>> chunked = Traffic.bits(traffic.run(stack, 8));
        assertThat(chunked).as("chunked").isEqualTo(Traffic.bits(together));
      }
      try (AttentionStack stack = bench.stack(16 * 11, WIDE, false)) {
        List<RecordingSink> crowded = traffic.run(stack, 8);
        assertThat(crowded.stream().mapToInt(s -> Traffic.finished(s).preemptions()).sum())
            .isPositive();
        assertThat(Traffic.bits(crowded)).as("preempted").isEqualTo(Traffic.bits(together));
      }
    }
  }

  /** A prompt shares the pages of one that it continues, unless its length turns them otherwise. */
  @ParameterizedTest
  @EnumSource(SpecZoo.class)
  void aLongerPromptTakesOverOnlyWhatIsRotatedAlike(SpecZoo zoo) {
    try (SpecBench bench = new SpecBench(zoo.spec(), DType.F32);
        AttentionStack fresh = bench.stack(ROOMY, WIDE, false);
        AttentionStack shared = bench.stack(ROOMY, WIDE, true)) {
      new Traffic(16, SpecZoo.VOCAB).run(shared, 3);
      Traffic longer = new Traffic(35, SpecZoo.VOCAB);
      List<RecordingSink> continued = longer.run(shared, 3);
      assertThat(Traffic.bits(continued)).isEqualTo(Traffic.bits(longer.run(fresh, 3)));
      boolean switches = zoo == SpecZoo.LONG_ROPE || zoo == SpecZoo.DYNAMIC_ROPE;
      assertThat(Traffic.finished(continued.getFirst()).cachedTokens())
          .isEqualTo(switches ? 0 : 16);
    }
  }
}
