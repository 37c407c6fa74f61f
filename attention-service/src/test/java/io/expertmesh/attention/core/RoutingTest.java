package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.kernel.DType;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests that want to know the experts of their tokens: what they are told, and when. */
class RoutingTest {
  private static final int PROMPT = 40;
  private static final int TOKENS = Traffic.TOKENS;
  private static final int ALL = PROMPT + TOKENS - 1;
  private static final SchedulerLimits WIDE = new SchedulerLimits(4096, 4096, 80, 100);
  private static final int ROOMY = 16_384;

  private Golden golden;
  private Traffic silent;
  private Traffic asking;

  @BeforeEach
  void open() throws Exception {
    golden = new Golden("mixtral", DType.F32);
    silent = new Traffic(PROMPT, golden.vocab);
    asking = new Traffic(PROMPT, golden.vocab, number -> number % 2 == 0);
  }

  @AfterEach
  void close() {
    golden.close();
  }

  @Test
  void everyPromptTokenHasTheExpertsThatTheReferencesRouterLogitsImply() {
    try (AttentionStack stack = golden.stack(golden.settings(ROOMY, WIDE, true))) {
      RecordingSink sink = new RecordingSink();
      stack
          .core()
          .submit(
              GenerationRequest.greedy("score", golden.row(0), 0, Long.MAX_VALUE)
                  .withRoutingFrom(0),
              sink);
      while (stack.core().step(0) > 0) {}

      assertThat(sink.routed).hasSize(golden.length);
      for (int layer = 0; layer < 3; layer++) {
        float[] logits = golden.routerLogits(layer);
        for (int position = 0; position < golden.length; position++) {
          assertMixtral(sink.routed.get(position), layer, logits, position * 8);
        }
      }
    }
  }

  private static void assertMixtral(TokenRouting token, int layer, float[] logits, int offset) {
    int[] best =
        IntStream.range(0, 8)
            .boxed()
            .sorted((a, b) -> Float.compare(logits[offset + b], logits[offset + a]))
            .limit(2)
            .mapToInt(Integer::intValue)
            .sorted()
            .toArray();
    assertThat(token.counts()).containsExactly(2, 2, 2);
    assertThat(Arrays.copyOfRange(token.experts(), 2 * layer, 2 * layer + 2)).isEqualTo(best);
    double first = 1 / (1 + Math.exp(logits[offset + best[1]] - logits[offset + best[0]]));
    assertThat((double) token.weights()[2 * layer]).isCloseTo(first, within(1e-4));
    assertThat((double) token.weights()[2 * layer + 1]).isCloseTo(1 - first, within(1e-4));
    assertThat(token.dropped()).isEmpty();
  }

  @Test
  void askingChangesNoBitAndAnswersOnlyTheOneWhoAsked() {
    List<RecordingSink> without = run(silent, golden.settings(ROOMY, WIDE, false), 16);
    List<RecordingSink> with = run(asking, golden.settings(ROOMY, WIDE, false), 16);

    assertThat(with).map(RecordingSink::bits).isEqualTo(Traffic.bits(without));
    assertThat(without).allMatch(sink -> sink.routed.isEmpty());
    for (int i = 0; i < 16; i++) {
      assertThat(with.get(i).routed).hasSize(i % 2 == 0 ? ALL : 0);
      assertThat(with.get(i).firstRouted).isZero();
    }
  }

  @Test
  void neighboursChunksAndPreemptionChangeNothing() {
    EngineSettings roomy = golden.settings(ROOMY, WIDE, false);
    List<List<List<Integer>>> alone =
        IntStream.range(0, 8).mapToObj(i -> runOne(roomy, i).routing()).toList();
    SchedulerLimits narrow = new SchedulerLimits(7, 3, 6, 100);
    List<RecordingSink> chunked = run(asking, golden.settings(ROOMY, narrow, false), 8);
    List<RecordingSink> crowded = run(asking, golden.settings(16 * 13, WIDE, false), 8);

    assertThat(run(asking, roomy, 8)).map(RecordingSink::routing).isEqualTo(alone);
    assertThat(chunked).map(RecordingSink::routing).isEqualTo(alone);
    assertThat(crowded).map(RecordingSink::routing).isEqualTo(alone);
    assertThat(crowded.stream().mapToInt(sink -> Traffic.finished(sink).preemptions()).sum())
        .isPositive();
  }

  @Test
  void tokensThatWouldComeFromThePrefixCacheAreComputedAndTold() {
    try (AttentionStack stack = golden.stack(golden.settings(ROOMY, WIDE, true))) {
      List<RecordingSink> fresh = asking.run(stack, 4);
      List<RecordingSink> again = asking.run(stack, 4);

      assertThat(again).map(RecordingSink::routing).isEqualTo(routings(fresh));
      assertThat(again).map(RecordingSink::bits).isEqualTo(Traffic.bits(fresh));
      assertThat(again.stream().map(sink -> Traffic.finished(sink).cachedTokens()))
          .as("those that did not ask reuse what is there")
          .containsExactly(0, 0, 0, 32);
    }
  }

  @Test
  void aResumedRequestIsToldTheRestAndReusesWhatItKnows() {
    EngineSettings settings = golden.settings(ROOMY, WIDE, true);
    int generated = 10;
    try (AttentionStack stack = golden.stack(settings)) {
      RecordingSink whole = asking.runOne(stack, 2);
      RecordingSink rest = asking.resume(stack, 2, whole.ids(), generated);

      assertThat(rest.firstRouted).isEqualTo(PROMPT + generated - 1);
      assertThat(rest.routing())
          .isEqualTo(whole.routing().subList(PROMPT + generated - 1, ALL))
          .hasSize(TOKENS - generated);
      assertThat(Traffic.finished(rest).cachedTokens()).isEqualTo(PROMPT);
    }
  }

  @Test
  void aReaderThatFallsBehindIsWaitedForAndNotCut() {
    SchedulerLimits narrow = new SchedulerLimits(8, 4, 2, 100);
    try (AttentionStack stack = golden.stack(golden.settings(ROOMY, narrow, false))) {
      // a token weighs 1 + 3 layers + 6 experts
      Outbox outbox = new Outbox(100, () -> {});
      GenerationRequest request =
          GenerationRequest.greedy("slow", golden.row(0), 0, Long.MAX_VALUE).withRoutingFrom(0);
      stack.core().submit(request, outbox);
      int told = 0;
      int pauses = 0;
      while (!stack.core().scheduler().all().isEmpty()) {
        if (stack.core().step(0) == 0) {
          pauses++;
          assertThat(outbox.congested()).isTrue();
          told += tokens(outbox);
        }
      }
      told += tokens(outbox);
      assertThat(told).isEqualTo(golden.length);
      assertThat(pauses).isPositive();
    }
  }

  private static int tokens(Outbox outbox) {
    int tokens = 0;
    for (TokenEvent event = outbox.poll(); event != null; event = outbox.poll()) {
      if (event instanceof TokenEvent.Routed routed) {
        tokens += routed.tokens().size();
      } else {
        assertThat(event).isInstanceOf(TokenEvent.Finished.class);
      }
    }
    return tokens;
  }

  private List<RecordingSink> run(Traffic traffic, EngineSettings settings, int requests) {
    try (AttentionStack stack = golden.stack(settings)) {
      return traffic.run(stack, requests);
    }
  }

  private RecordingSink runOne(EngineSettings settings, int number) {
    try (AttentionStack stack = golden.stack(settings)) {
      return asking.runOne(stack, number);
    }
  }

  private static List<List<List<Integer>>> routings(List<RecordingSink> sinks) {
    return sinks.stream().map(RecordingSink::routing).toList();
  }
}
