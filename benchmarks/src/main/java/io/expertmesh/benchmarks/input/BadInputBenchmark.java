package io.expertmesh.benchmarks.input;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.ObjectMapper;

/**
 * Sends every kind of bad input to a running gateway and prints how long the refusal took, and that
 * the request after it was served.
 *
 * <p>Arguments: address of the gateway, vocabulary, context, repetitions (20).
 */
public final class BadInputBenchmark {
  private static final int WARM_UP = 5;

  private final PlainPost client;
  private final int repetitions;

  private BadInputBenchmark(URI gateway, int repetitions) {
    this.client = new PlainPost(gateway.resolve("/v1/completions"));
    this.repetitions = repetitions;
  }

  public static void main(String[] args) throws IOException {
    if (args.length < 3) {
      System.err.println("arguments: URL VOCABULARY CONTEXT [REPETITIONS]");
      System.exit(2);
    }
    int repetitions = args.length > 3 ? Integer.parseInt(args[3]) : 20;
    List<BadInput> inputs = BadInput.all(Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    if (!new BadInputBenchmark(URI.create(args[0]), repetitions).run(inputs)) {
      System.exit(1);
    }
  }

  /** Measures all inputs; false if one was not refused or the request after one failed. */
  private boolean run(List<BadInput> inputs) throws IOException {
    boolean good = true;
    System.out.printf("%-26s %6s %9s %9s  %s%n", "input", "status", "p50 ms", "max ms", "answer");
    for (BadInput input : inputs) {
      double[] millis = new double[repetitions];
      PlainPost.Answer answer = client.send(input.body());
      for (int i = -WARM_UP; i < repetitions; i++) {
        long began = System.nanoTime();
        answer = client.send(input.body());
        if (i >= 0) {
          millis[i] = (System.nanoTime() - began) / 1e6;
        }
      }
      Arrays.sort(millis);
      boolean refused = answer.status() >= 400 && answer.status() < 500;
      boolean servedOn =
          client
                  .send("{\"prompt\":[5,6,7],\"max_tokens\":1}".getBytes(StandardCharsets.UTF_8))
                  .status()
              == 200;
      good &= refused && servedOn;
      System.out.printf(
          Locale.ROOT,
          "%-26s %6d %9.2f %9.2f  %s%s%n",
          input.name(),
          answer.status(),
          millis[repetitions / 2],
          millis[repetitions - 1],
          sentence(answer.body()),
          servedOn ? "" : "  [THE NEXT REQUEST FAILED]");
    }
    return good;
  }

  private static String sentence(String body) {
    String text = new ObjectMapper().readTree(body).path("error").path("message").asString(body);
    return text.length() > 100 ? text.substring(0, 97) + "..." : text;
  }
}
