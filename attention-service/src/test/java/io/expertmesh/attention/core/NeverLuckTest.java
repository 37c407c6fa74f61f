package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.kernel.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same request gives the same tokens and the same bits, whatever happens around it. */
class NeverLuckTest {
  private static final int PROMPT = 40;
  private static final int TOKENS = 40;
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
      assertThat(chunked).map(RecordingSink::bits).isEqualTo(bits(whole));
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
      assertThat(crowded).map(RecordingSink::bits).isEqualTo(bits(undisturbed));
      assertThat(crowded.stream().mapToInt(sink -> finished(sink).preemptions()).sum())
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
      assertThat(reused).map(RecordingSink::bits).isEqualTo(bits(fresh));
      assertThat(fresh).allMatch(sink -> finished(sink).cachedTokens() == 0);
      assertThat(reused.stream().map(sink -> finished(sink).cachedTokens()))
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
      GenerationRequest request = request(golden, 3);
      int generated = 10;
      int[] ids = java.util.Arrays.copyOf(request.promptIds(), PROMPT + generated);
      for (int i = 0; i < generated; i++) {
        ids[PROMPT + i] = whole.ids().get(i);
      }
      RecordingSink rest = new RecordingSink();
      try (AttentionStack stack = golden.stack(settings)) {
        stack.core().submit(resumed(request, ids, generated), rest);
        drive(stack);
      }
      RecordingSink expected = new RecordingSink();
      expected.tokens.addAll(whole.tokens.subList(generated, TOKENS));
      assertThat(rest.bits()).isEqualTo(expected.bits());
      assertThat(finished(rest).completionTokens()).isEqualTo(TOKENS);
    }
  }

  private static List<List<Integer>> bits(List<RecordingSink> sinks) {
    return sinks.stream().map(RecordingSink::bits).toList();
  }

  private static TokenEvent.Finished finished(RecordingSink sink) {
    return (TokenEvent.Finished) sink.end().orElseThrow();
  }

  private static List<RecordingSink> run(Golden golden, EngineSettings settings, int requests) {
    try (AttentionStack stack = golden.stack(settings)) {
      return run(stack, golden, requests);
    }
  }

  private static List<RecordingSink> run(AttentionStack stack, Golden golden, int requests) {
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      RecordingSink sink = new RecordingSink();
      sinks.add(sink);
      stack.core().submit(request(golden, i), sink);
    }
    drive(stack);
    return sinks;
  }

  private static RecordingSink runOne(Golden golden, EngineSettings settings, int index) {
    RecordingSink sink = new RecordingSink();
    try (AttentionStack stack = golden.stack(settings)) {
      stack.core().submit(request(golden, index), sink);
      drive(stack);
    }
    return sink;
  }

  private static void drive(AttentionStack stack) {
    while (stack.core().step(0) > 0) {
      stack.pages().checkInvariants();
    }
    assertThat(stack.core().scheduler().all()).isEmpty();
    assertThat(stack.pages().inUse()).isZero();
  }

  private static GenerationRequest request(Golden golden, int index) {
    Random random = new Random(index);
    int[] prompt = random.ints(PROMPT, 3, golden.vocab).toArray();
    SamplingSettings sampling =
        new SamplingSettings(
            0.9f, 0, 0.95f, 0.01f, 0.3f, 0.2f, 1.1f, index, new int[] {7}, new float[] {1.5f});
    return new GenerationRequest(
        "request " + index,
        prompt,
        0,
        TOKENS,
        0,
        sampling,
        new int[0],
        true,
        OptionalInt.of(5),
        index % 4 == 1 ? OptionalInt.of(2) : OptionalInt.empty(),
        Long.MAX_VALUE,
        new byte[0]);
  }

  private static GenerationRequest resumed(GenerationRequest request, int[] ids, int generated) {
    return new GenerationRequest(
        request.requestId(),
        ids,
        generated,
        request.maxTokens(),
        request.minTokens(),
        request.sampling(),
        request.stopTokenIds(),
        request.ignoreEos(),
        request.logprobs(),
        OptionalInt.empty(),
        request.deadlineNanos(),
        request.cacheSalt());
  }
}
