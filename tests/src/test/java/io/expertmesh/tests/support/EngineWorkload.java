package io.expertmesh.tests.support;

import io.expertmesh.attention.core.GenerationRequest;
import io.expertmesh.attention.core.SamplingSettings;
import io.expertmesh.attention.core.ScoredToken;
import io.expertmesh.attention.core.TokenEvent;
import io.expertmesh.attention.core.TokenRouting;
import io.expertmesh.attention.core.TokenSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Requests to a loopback mesh, and their answers as ids and bits of log-probabilities. */
public final class EngineWorkload {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);

  private final int vocabulary;
  private final int longestPrompt;
  private final int newTokens;
  private final int requests;

  /**
   * Describes the requests; their prompts are the same every time.
   *
   * @param longestPrompt most tokens of a prompt
   * @param newTokens tokens that each request generates
   */
  public EngineWorkload(int vocabulary, int longestPrompt, int newTokens, int requests) {
    this.vocabulary = vocabulary;
    this.longestPrompt = longestPrompt;
    this.newTokens = newTokens;
    this.requests = requests;
  }

  /** Every request by itself, the next after the last ended. */
  public List<List<Integer>> alone(LoopbackMesh mesh) {
    List<List<Integer>> answers = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      answers.add(bits(ask(mesh, request(i)).join()));
    }
    return answers;
  }

  /** All requests at the same time. */
  public List<List<Integer>> together(LoopbackMesh mesh) {
    List<CompletableFuture<List<ScoredToken>>> running = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      running.add(ask(mesh, request(i)));
    }
    return running.stream().map(answer -> bits(answer.join())).toList();
  }

  /** A greedy continuation. */
  public static List<Integer> greedy(LoopbackMesh mesh, int[] prompt, int tokens) {
    GenerationRequest request =
        GenerationRequest.greedy("greedy", prompt, tokens, System.nanoTime() + PATIENCE_NANOS);
    return ask(mesh, request).join().stream().map(ScoredToken::id).toList();
  }

  /**
   * The rest of a greedy generation of which another engine has given the first tokens.
   *
   * @param tokens of the whole generation
   */
  public static List<Integer> resumed(
      LoopbackMesh mesh, int[] prompt, List<Integer> first, int tokens) {
    int[] known = Arrays.copyOf(prompt, prompt.length + first.size());
    for (int i = 0; i < first.size(); i++) {
      known[prompt.length + i] = first.get(i);
    }
    GenerationRequest request =
        new GenerationRequest(
            "resumed",
            known,
            first.size(),
            tokens,
            0,
            SamplingSettings.greedy(),
            new int[0],
            true,
            OptionalInt.of(3),
            OptionalInt.empty(),
            System.nanoTime() + PATIENCE_NANOS,
            new byte[0]);
    return bits(ask(mesh, request).join());
  }

  /** The prompt's tokens with all log-probabilities, the first token without any. */
  public static List<ScoredToken> score(LoopbackMesh mesh, int[] prompt, int vocabulary) {
    return ask(mesh, request("score", prompt, 0, SamplingSettings.greedy(), vocabulary)).join();
  }

  /** The experts of every token of a prompt. */
  public static List<TokenRouting> routing(LoopbackMesh mesh, int[] prompt) {
    GenerationRequest request =
        GenerationRequest.greedy("routing", prompt, 0, System.nanoTime() + PATIENCE_NANOS)
            .withRoutingFrom(0);
    Collector collector = new Collector();
    mesh.submit(request, collector);
    collector.done.join();
    return collector.routing;
  }

  private GenerationRequest request(int number) {
    Random random = new Random(number);
    int length = 1 + random.nextInt(longestPrompt);
    int[] prompt = random.ints(length, 2, vocabulary).toArray();
    SamplingSettings sampling =
        number % 2 == 0
            ? SamplingSettings.greedy()
            : new SamplingSettings(
                0.8f, 0, 0.95f, 0, 0, 0, 1, 1000 + number, new int[0], new float[0]);
    return request("request " + number, prompt, newTokens, sampling, 3);
  }

  private static GenerationRequest request(
      String id, int[] prompt, int tokens, SamplingSettings sampling, int alternatives) {
    return new GenerationRequest(
        id,
        prompt,
        0,
        tokens,
        0,
        sampling,
        new int[0],
        true,
        OptionalInt.of(alternatives),
        tokens == 0 ? OptionalInt.of(alternatives) : OptionalInt.empty(),
        System.nanoTime() + PATIENCE_NANOS,
        new byte[0]);
  }

  private static CompletableFuture<List<ScoredToken>> ask(
      LoopbackMesh mesh, GenerationRequest request) {
    Collector collector = new Collector();
    mesh.submit(request, collector);
    return collector.done;
  }

  private static List<Integer> bits(List<ScoredToken> tokens) {
    List<Integer> bits = new ArrayList<>();
    for (ScoredToken token : tokens) {
      bits.add(token.id());
      token.logprob().ifPresent(p -> bits.add(Float.floatToRawIntBits((float) p)));
      for (int i = 0; i < token.topIds().length; i++) {
        bits.add(token.topIds()[i]);
        bits.add(Float.floatToRawIntBits(token.topLogprobs()[i]));
      }
    }
    return bits;
  }

  /** The tokens of one request; called on the engine's thread. */
  private static final class Collector implements TokenSink {
    final CompletableFuture<List<ScoredToken>> done = new CompletableFuture<>();
    private final List<ScoredToken> tokens = new ArrayList<>();
    final List<TokenRouting> routing = new ArrayList<>();

    @Override
    public boolean accept(TokenEvent event) {
      switch (event) {
        case TokenEvent.Generated generated -> tokens.add(generated.token());
        case TokenEvent.Routed routed -> routing.addAll(routed.tokens());
        case TokenEvent.PromptScored scored -> tokens.addAll(scored.tokens());
        case TokenEvent.Finished _ -> done.complete(List.copyOf(tokens));
        case TokenEvent.Failed failed ->
            done.completeExceptionally(new AssertionError(failed.toString()));
      }
      return true;
    }

    @Override
    public boolean congested() {
      return false;
    }
  }
}
