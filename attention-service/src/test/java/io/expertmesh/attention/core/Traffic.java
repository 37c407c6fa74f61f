package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.IntPredicate;

/** Requests with every kind of sampling, the same for the same number, run through a stack. */
final class Traffic {
  static final int TOKENS = 40;
  private final int promptLength;
  private final int vocab;
  private final IntPredicate routed;

  /** Requests that do not want to know their experts. */
  Traffic(int promptLength, int vocab) {
    this(promptLength, vocab, _ -> false);
  }

  /**
   * Requests of which some want to know their experts.
   *
   * @param routed by number
   */
  Traffic(int promptLength, int vocab, IntPredicate routed) {
    this.promptLength = promptLength;
    this.vocab = vocab;
    this.routed = routed;
  }

  /** Requests 0 to {@code count - 1} at the same time. */
  List<RecordingSink> run(AttentionStack stack, int count) {
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sinks.add(new RecordingSink());
      stack.core().submit(request(i), sinks.get(i));
    }
    drive(stack);
    return sinks;
  }

  /** One request by itself. */
  RecordingSink runOne(AttentionStack stack, int number) {
    return runOne(stack, request(number));
  }

  /** What is left of a request after its first ids, given those that it generated in all. */
  RecordingSink resume(AttentionStack stack, int number, List<Integer> ids, int generated) {
    GenerationRequest request = request(number);
    int[] known = Arrays.copyOf(request.promptIds(), promptLength + generated);
    for (int i = 0; i < generated; i++) {
      known[promptLength + i] = ids.get(i);
    }
    GenerationRequest rest =
        new GenerationRequest(
            request.requestId(),
            known,
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
    // all but the last of the known tokens have been put through the layers, and told
    return runOne(stack, routed.test(number) ? rest.withRoutingFrom(known.length - 1) : rest);
  }

  static List<List<Integer>> bits(List<RecordingSink> sinks) {
    return sinks.stream().map(RecordingSink::bits).toList();
  }

  static TokenEvent.Finished finished(RecordingSink sink) {
    return (TokenEvent.Finished) sink.end().orElseThrow();
  }

  private static RecordingSink runOne(AttentionStack stack, GenerationRequest request) {
    RecordingSink sink = new RecordingSink();
    stack.core().submit(request, sink);
    drive(stack);
    return sink;
  }

  private static void drive(AttentionStack stack) {
    while (stack.core().step(0) > 0) {
      stack.pages().checkInvariants();
    }
    assertThat(stack.core().scheduler().all()).isEmpty();
    assertThat(stack.pages().inUse()).isZero();
  }

  private GenerationRequest request(int number) {
    Random random = new Random(number);
    int[] prompt = random.ints(promptLength, 3, vocab).toArray();
    SamplingSettings sampling =
        new SamplingSettings(
            0.9f, 0, 0.95f, 0.01f, 0.3f, 0.2f, 1.1f, number, new int[] {7}, new float[] {1.5f});
    GenerationRequest request =
        new GenerationRequest(
            "request " + number,
            prompt,
            0,
            TOKENS,
            0,
            sampling,
            new int[0],
            true,
            OptionalInt.of(5),
            number % 4 == 1 ? OptionalInt.of(2) : OptionalInt.empty(),
            Long.MAX_VALUE,
            new byte[0]);
    return routed.test(number) ? request.withRoutingFrom(0) : request;
  }
}
