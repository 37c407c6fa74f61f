package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.kernel.DType;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same request gives the same tokens and the same bits, whatever happens around it. */
class NeverLuckTest {
  private static final int PROMPT = 40;
  private static final int TOKENS = Traffic.TOKENS;
  private static final SchedulerLimits WIDE = new SchedulerLimits(4096, 4096, 80, 100);
  private static final int ROOMY = 16_384;

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void aRequestInABatchOf64GetsTheBitsItGetsAlone(DType activations) throws Exception {
    try (Golden golden = new Golden("mixtral", activations)) {
      List<RecordingSink> together = run(golden, golden.settings(ROOMY, WIDE, false), 64);
      for (int i = 0; i < 64; i += 21) {
        RecordingSink alone = runOne(golden, golden.settings(ROOMY, WIDE, false), i);
        assertThat(together.get(i).bits()).isEqualTo(alone.bits()).hasSizeGreaterThan(TOKENS);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void chunkedPrefillGivesTheBitsOfWholePrefill(DType activations) throws Exception {
    try (Golden golden = new Golden("mixtral", activations)) {
      SchedulerLimits narrow = new SchedulerLimits(7, 3, 6, 100);
      List<RecordingSink> whole = run(golden, golden.settings(ROOMY, WIDE, false), 6);
      List<RecordingSink> chunked = run(golden, golden.settings(ROOMY, narrow, false), 6);
      assertThat(chunked).map(RecordingSink::bits).isEqualTo(Traffic.bits(whole));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void preemptionByRecomputeChangesNoBit(DType activations) throws Exception {
    try (Golden golden = new Golden("mixtral", activations)) {
      List<RecordingSink> undisturbed = run(golden, golden.settings(ROOMY, WIDE, false), 8);
      List<RecordingSink> crowded = run(golden, golden.settings(16 * 13, WIDE, false), 8);
      assertThat(crowded).map(RecordingSink::bits).isEqualTo(Traffic.bits(undisturbed));
      assertThat(crowded.stream().mapToInt(sink -> Traffic.finished(sink).preemptions()).sum())
          .isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void reusedPrefixesChangeNoBit(DType activations) throws Exception {
    try (Golden golden = new Golden("mixtral", activations);
        AttentionStack stack = golden.stack(golden.settings(ROOMY, WIDE, true))) {
      List<RecordingSink> fresh = run(stack, golden, 4);
      List<RecordingSink> reused = run(stack, golden, 4);
      assertThat(reused).map(RecordingSink::bits).isEqualTo(Traffic.bits(fresh));
      assertThat(fresh).allMatch(sink -> Traffic.finished(sink).cachedTokens() == 0);
      assertThat(reused.stream().map(sink -> Traffic.finished(sink).cachedTokens()))
          .containsExactly(32, 0, 32, 32);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void resumingFromGeneratedIdsContinuesWithTheSameBits(DType activations) throws Exception {
    try (Golden golden = new Golden("mixtral", activations)) {
      EngineSettings settings = golden.settings(ROOMY, WIDE, false);
      RecordingSink whole = runOne(golden, settings, 3);
      int generated = 10;
      RecordingSink rest;
      try (AttentionStack stack = golden.stack(settings)) {
        rest = traffic(golden).resume(stack, 3, whole.ids(), generated);
      }
      RecordingSink expected = new RecordingSink();
      expected.tokens.addAll(whole.tokens.subList(generated, TOKENS));
      assertThat(rest.bits()).isEqualTo(expected.bits());
      assertThat(Traffic.finished(rest).completionTokens()).isEqualTo(TOKENS);
    }
  }

  private static Traffic traffic(Golden golden) {
    return new Traffic(PROMPT, golden.vocab);
  }

  private static List<RecordingSink> run(Golden golden, EngineSettings settings, int requests) {
    try (AttentionStack stack = golden.stack(settings)) {
      return run(stack, golden, requests);
    }
  }

  private static List<RecordingSink> run(AttentionStack stack, Golden golden, int requests) {
    return traffic(golden).run(stack, requests);
  }

  private static RecordingSink runOne(Golden golden, EngineSettings settings, int index) {
    try (AttentionStack stack = golden.stack(settings)) {
      return traffic(golden).runOne(stack, index);
    }
  }
}
