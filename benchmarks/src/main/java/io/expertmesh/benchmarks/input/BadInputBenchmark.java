package io.expertmesh.benchmarks.input;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();
  private final URI endpoint;
  private final int repetitions;

  private BadInputBenchmark(URI gateway, int repetitions) {
    this.endpoint = gateway.resolve("/v1/completions");
    this.repetitions = repetitions;
  }

  public static void main(String[] args) throws IOException, InterruptedException {
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
  private boolean run(List<BadInput> inputs) throws IOException, InterruptedException {
    boolean good = true;
    System.out.printf("%-26s %6s %9s %9s  %s%n", "input", "status", "p50 ms", "max ms", "answer");
    for (BadInput input : inputs) {
      double[] millis = new double[repetitions];
      HttpResponse<String> answer = post(input.body());
      for (int i = -WARM_UP; i < repetitions; i++) {
        long began = System.nanoTime();
        answer = post(input.body());
        if (i >= 0) {
          millis[i] = (System.nanoTime() - began) / 1e6;
        }
      }
      Arrays.sort(millis);
      boolean refused = answer.statusCode() >= 400 && answer.statusCode() < 500;
      boolean servedOn =
          post("{\"prompt\":[5,6,7],\"max_tokens\":1}".getBytes(StandardCharsets.UTF_8))
                  .statusCode()
              == 200;
      good &= refused && servedOn;
      System.out.printf(
          Locale.ROOT,
          "%-26s %6d %9.2f %9.2f  %s%s%n",
          input.name(),
          answer.statusCode(),
          millis[repetitions / 2],
          millis[repetitions - 1],
          sentence(answer.body()),
          servedOn ? "" : "  [THE NEXT REQUEST FAILED]");
    }
    return good;
  }

  private HttpResponse<String> post(byte[] body) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(endpoint)
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String sentence(String body) {
    String text = new ObjectMapper().readTree(body).path("error").path("message").asString(body);
    return text.length() > 100 ? text.substring(0, 97) + "..." : text;
  }
}
