package io.expertmesh.tests.luck;

import io.expertmesh.tests.support.Completions;
import io.expertmesh.tests.support.Completions.Continuation;
import io.expertmesh.tests.support.OpenAiClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * 64 requests of different lengths, half of them greedy and half sampled with a seed, whose answers
 * must never depend on luck.
 */
final class Workload {
  static final int REQUESTS = 64;
  private static final long SEED = 20261122;

  private final List<List<Integer>> prompts = new ArrayList<>();

  Workload(int vocabulary, int longestPrompt) {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < REQUESTS; i++) {
      int length = 1 + random.nextInt(longestPrompt);
      List<Integer> prompt = new ArrayList<>();
      for (int t = 0; t < length; t++) {
        prompt.add(2 + random.nextInt(vocabulary - 2));
      }
      prompts.add(prompt);
    }
  }

  /** Every request by itself, the next after the last ended. */
  List<Continuation> alone(OpenAiClient client, int newTokens) {
    return alone(client, REQUESTS, newTokens);
  }

  /** The first requests, each by itself. */
  List<Continuation> alone(OpenAiClient client, int requests, int newTokens) {
    List<Continuation> answers = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      answers.add(ask(client, i, newTokens));
    }
    return answers;
  }

  /** All requests at the same time. */
  List<Continuation> together(OpenAiClient client, int newTokens)
      throws InterruptedException, ExecutionException {
    return together(client, REQUESTS, newTokens);
  }

  /** The first requests, all at the same time. */
  List<Continuation> together(OpenAiClient client, int requests, int newTokens)
      throws InterruptedException, ExecutionException {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Continuation>> running = new ArrayList<>();
      for (int i = 0; i < requests; i++) {
        int request = i;
        running.add(executor.submit(() -> ask(client, request, newTokens)));
      }
      List<Continuation> answers = new ArrayList<>();
      for (Future<Continuation> answer : running) {
        answers.add(answer.get());
      }
      return answers;
    }
  }

  private Continuation ask(OpenAiClient client, int request, int newTokens) {
    Map<String, Object> sampling =
        request % 2 == 0
            ? Map.of("temperature", 0)
            : Map.of("temperature", 0.8, "top_p", 0.95, "seed", 1000 + request);
    return Completions.generate(client, prompts.get(request), newTokens, sampling);
  }
}
