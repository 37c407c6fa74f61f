package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.protocol.core.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests in trouble, on a real model in one process, with a clock of the test's. */
class EngineCoreTest {
  private static final long MILLI = 1_000_000;
  private static final int MAX_STEPS = 10_000;

  private Golden golden;
  private AttentionStack stack;
  private EngineCore core;

  @BeforeEach
  void open() throws Exception {
    golden = new Golden("mixtral", DType.F32);
    stack = golden.stack(golden.settings(2048, new SchedulerLimits(256, 64, 32, 64), true));
    core = stack.core();
  }

  @AfterEach
  void close() {
    stack.close();
    golden.close();
  }

  @Test
  void aPromptIsScoredAsTheReferenceScoresIt() {
    RecordingSink sink = new RecordingSink();
    core.submit(scoring(golden.row(0), 4), sink);
    while (core.step(0) > 0) {}

    assertThat(sink.prompt).hasSize(golden.length);
    assertThat(sink.prompt.getFirst().logprob()).isEmpty();
    for (int t = 1; t < golden.length; t++) {
      ScoredToken token = sink.prompt.get(t);
      assertThat(token.id()).isEqualTo(golden.row(0)[t]);
      assertThat(token.logprob().orElseThrow())
          .isCloseTo(referenceLogprob(t - 1, token.id()), within(1e-4));
      assertThat(token.topLogprobs()).hasSize(4).isSortedAccordingTo((a, b) -> Float.compare(b, a));
    }
    assertThat(sink.end()).contains(finished(FinishReason.LENGTH, golden.length, 0));
  }

  @Test
  void aPromptOfOneTokenIsScoredWithoutComputing() {
    RecordingSink sink = new RecordingSink();
    core.submit(scoring(new int[] {5}, 1), sink);
    assertThat(core.step(0)).isZero();
    assertThat(sink.prompt).hasSize(1);
    assertThat(sink.end()).contains(finished(FinishReason.LENGTH, 1, 0));
  }

  @Test
  void aStopIdEndsTheGenerationAndIsItsLastToken() {
    int stop = golden.greedyIds[4];
    RecordingSink sink = new RecordingSink();
    GenerationRequest greedy = GenerationRequest.greedy("stop", golden.row(0), 16, Long.MAX_VALUE);
    core.submit(
        new GenerationRequest(
            "stop",
            greedy.promptIds(),
            0,
            16,
            0,
            greedy.sampling(),
            new int[] {stop},
            true,
            OptionalInt.empty(),
            OptionalInt.empty(),
            Long.MAX_VALUE,
            new byte[0]),
        sink);
    while (core.step(0) > 0) {}
    assertThat(sink.ids().getLast()).isEqualTo(stop);
    assertThat(sink.ids().indexOf(stop)).isEqualTo(sink.ids().size() - 1);
    assertThat(((TokenEvent.Finished) sink.end().orElseThrow()).reason())
        .isEqualTo(FinishReason.STOP);
  }

  @Test
  void cancellingFreesThePagesAtOnce() {
    RecordingSink sink = new RecordingSink();
    Sequence sequence = core.submit(greedy(0, Long.MAX_VALUE), sink);
    core.step(0);
    assertThat(stack.pages().inUse()).isPositive();
    core.cancel(sequence, "the caller left");
    assertThat(stack.pages().inUse()).isZero();
    assertThat(sink.end()).contains(new TokenEvent.Failed(ErrorCode.CANCELLED, "the caller left"));
    assertThat(core.step(0)).isZero();
  }

  @Test
  void aRequestEndsAtItsDeadline() {
    RecordingSink sink = new RecordingSink();
    core.submit(greedy(0, 50 * MILLI), sink);
    core.step(0);
    core.step(49 * MILLI);
    assertThat(sink.end()).isEmpty();
    assertThat(core.step(50 * MILLI)).isZero();
    assertThat(failure(sink)).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(stack.pages().inUse()).isZero();
  }

  @Test
  void aMissingExpertHoldsUpOnlyTheRequestsThatNeedIt() {
    // with two of eight experts away some of these prompts are affected and, on one layer's
    // evidence, hardly all of their steps; a one-token prompt meets six assignments only
    List<RecordingSink> sinks = new ArrayList<>();
    golden.routed.takeAway(3);
    for (int i = 0; i < 24; i++) {
      RecordingSink sink = new RecordingSink();
      sinks.add(sink);
      core.submit(GenerationRequest.greedy("r" + i, new int[] {10 + i}, 1, 400 * MILLI), sink);
    }
    long now = run(0, 200 * MILLI);
    long finishedEarly = sinks.stream().filter(sink -> sink.end().isPresent()).count();
    assertThat(finishedEarly).isBetween(1L, 23L);

    golden.routed.bringBack(3);
    run(now, 390 * MILLI);
    assertThat(sinks).allSatisfy(sink -> assertThat(sink.ids()).hasSize(1));
    assertThat(stack.pages().inUse()).isZero();
  }

  @Test
  void aMissingExpertIsATypedErrorAtTheDeadline() {
    for (int expert = 0; expert < 8; expert++) {
      golden.routed.takeAway(expert);
    }
    RecordingSink sink = new RecordingSink();
    core.submit(greedy(0, 100 * MILLI), sink);
    run(0, 101 * MILLI);
    assertThat(failure(sink)).isEqualTo(ErrorCode.EXPERT_UNAVAILABLE);
    assertThat(stack.pages().inUse()).isZero();
  }

  @Test
  void aReaderThatDoesNotReadIsCutAfterABound() {
    Outbox outbox = new Outbox(6, () -> {});
    core.submit(greedy(0, Long.MAX_VALUE), outbox);
    while (core.step(0) > 0) {}
    assertThat(outbox.onlyEndIsLeft()).isTrue();
    assertThat(outbox.poll())
        .isEqualTo(
            new TokenEvent.Failed(ErrorCode.CANCELLED, "the reader of the tokens did not keep up"));
    assertThat(outbox.poll()).isNull();
    assertThat(stack.pages().inUse()).isZero();
  }

  @Test
  void pagesAreNotSharedBetweenSalts() {
    int[] prompt = java.util.stream.IntStream.range(10, 50).toArray();
    assertThat(cachedTokens(prompt, new byte[] {1})).isZero();
    assertThat(cachedTokens(prompt, new byte[] {2})).isZero();
    assertThat(cachedTokens(prompt, new byte[] {1})).isEqualTo(32);
  }

  private int cachedTokens(int[] prompt, byte[] salt) {
    RecordingSink sink = new RecordingSink();
    core.submit(
        new GenerationRequest(
            "salted",
            prompt,
            0,
            2,
            0,
            SamplingSettings.greedy(),
            new int[0],
            true,
            OptionalInt.empty(),
            OptionalInt.empty(),
            Long.MAX_VALUE,
            salt),
        sink);
    while (core.step(0) > 0) {}
    return ((TokenEvent.Finished) sink.end().orElseThrow()).cachedTokens();
  }

  /** Steps, letting the clock jump to the next wake-up when idle, until nothing is left to do. */
  private long run(long from, long until) {
    long now = from;
    for (int i = 0; i < MAX_STEPS && now < until; i++) {
      if (core.step(now) == 0) {
        long wake = core.nextWake(now);
        if (wake == Long.MAX_VALUE) {
          return now;
        }
        now = Math.min(until, Math.max(wake, now + 1));
      }
    }
    return now;
  }

  private GenerationRequest greedy(int row, long deadline) {
    return GenerationRequest.greedy("greedy", golden.row(row), 16, deadline);
  }

  private static GenerationRequest scoring(int[] prompt, int alternatives) {
    return new GenerationRequest(
        "scoring",
        prompt,
        0,
        0,
        0,
        SamplingSettings.greedy(),
        new int[0],
        true,
        OptionalInt.empty(),
        OptionalInt.of(alternatives),
        Long.MAX_VALUE,
        new byte[0]);
  }

  private static TokenEvent.End finished(FinishReason reason, int prompt, int completion) {
    return new TokenEvent.Finished(reason, prompt, 0, completion, 0);
  }

  private static ErrorCode failure(RecordingSink sink) {
    return ((TokenEvent.Failed) sink.end().orElseThrow()).code();
  }

  private double referenceLogprob(int position, int id) {
    int from = position * golden.vocab;
    double sum = 0;
    for (int i = 0; i < golden.vocab; i++) {
      sum += Math.exp(golden.logits[from + i]);
    }
    return golden.logits[from + id] - Math.log(sum);
  }
}
