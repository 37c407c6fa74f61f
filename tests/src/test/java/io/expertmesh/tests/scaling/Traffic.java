package io.expertmesh.tests.scaling;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Requests at a given rate, whether or not the earlier ones are answered yet, so that a mesh that
 * is too slow gets as much as one that is not. Four of five make the model say one and the same
 * token, whose rows take the same experts every time; the others let it speak. Every request ends
 * in one of two states: it has all of its tokens, or it failed.
 */
final class Traffic implements AutoCloseable {
  /** Tokens of every request. */
  static final int TOKENS = 16;

  /** Rows that a request has in every layer: two of its prompt, and its tokens but the last. */
  static final int ROWS = 2 + TOKENS - 1;

  /**
   * A token of the bundled model for whose rows the gate of every layer takes expert {@link
   * #HOT_EXPERT}, as long as only the same token precedes it.
   */
  static final int HOT_TOKEN = 3335;

  /** See {@link #HOT_TOKEN}. */
  static final int HOT_EXPERT = 7;

  private static final int VOCABULARY = 4096;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI target;
  private final Map<String, String> headers;
  private final long seed = System.nanoTime();
  private final Queue<Gap> gaps = new ConcurrentLinkedQueue<>();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final Queue<String> ids = new ConcurrentLinkedQueue<>();
  private final AtomicInteger done = new AtomicInteger();
  private final Phaser running = new Phaser(1);
  private final Thread clock;
  private volatile double perSecond;
  private volatile boolean closed;

  /** The time between two tokens of a request, and when it ended. */
  private record Gap(long atNanos, long nanos) {}

  /**
   * @param headers of every request
   */
  Traffic(URI mesh, Map<String, String> headers) {
    target = mesh.resolve("/v1/completions");
    this.headers = headers;
    System.out.println("seed of the traffic: " + seed);
    clock = Thread.ofPlatform().daemon().name("traffic").start(this::tick);
  }

  /** So many requests begin per second from now on; may be 0. */
  void perSecond(double requests) {
    perSecond = requests;
    LockSupport.unpark(clock);
  }

  private void tick() {
    Random random = new Random(seed);
    long next = System.nanoTime();
    double before = 0;
    for (int number = 0; !closed; ) {
      double rate = perSecond;
      if (rate == 0) {
        LockSupport.park();
        before = rate;
        continue;
      }
      if (rate != before) {
        // Another rate begins now, and not when the next request was due at the old one.
        next = System.nanoTime();
        before = rate;
      }
      long wait = next - System.nanoTime();
      if (wait > 0) {
        LockSupport.parkNanos(wait);
        continue;
      }
      next += (long) (TimeUnit.SECONDS.toNanos(1) / rate);
      Map<String, Object> body = number++ % 5 == 4 ? speaking(random.nextLong()) : hot();
      begin(body);
    }
  }

  private static Map<String, Object> hot() {
    Map<String, Object> body = common(List.of(HOT_TOKEN, HOT_TOKEN));
    body.put("temperature", 0);
    body.put("logit_bias", Map.of("" + HOT_TOKEN, 100));
    return body;
  }

  private static Map<String, Object> speaking(long seed) {
    Random random = new Random(seed);
    Map<String, Object> body =
        common(List.of(2 + random.nextInt(VOCABULARY - 2), 2 + random.nextInt(VOCABULARY - 2)));
    body.put("temperature", 1);
    body.put("seed", seed);
    return body;
  }

  /** A request that goes on from a text. */
  static Map<String, Object> text(String prompt) {
    return common(prompt);
  }

  private static Map<String, Object> common(Object prompt) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("prompt", prompt);
    body.put("max_tokens", TOKENS);
    body.put("ignore_eos", true);
    body.put("stream", true);
    // With it every token is an event of its own, whatever text it stands for.
    body.put("logprobs", 0);
    return body;
  }

  /** Sends one request beside the others. */
  void begin(Map<String, ?> body) {
    running.register();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                failure(body).ifPresentOrElse(failures::add, done::incrementAndGet);
              } finally {
                running.arriveAndDeregister();
              }
            });
  }

  private Optional<String> failure(Map<String, ?> body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target)
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)));
    headers.forEach(request::header);
    try {
      HttpResponse<Stream<String>> answer =
          http.send(request.build(), HttpResponse.BodyHandlers.ofLines());
      try (Stream<String> lines = answer.body()) {
        return answer.statusCode() == 200
            ? read(lines)
            : Optional.of("HTTP " + answer.statusCode() + ": " + lines.toList());
      }
    } catch (IOException | RuntimeException e) {
      return Optional.of(e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of(e.toString());
    }
  }

  private Optional<String> read(Stream<String> lines) {
    int tokens = 0;
    long last = 0;
    boolean ended = false;
    for (String line : (Iterable<String>) lines::iterator) {
      if (line.equals("data: [DONE]")) {
        ended = true;
      } else if (line.startsWith("data:")) {
        JsonNode event = JSON.readTree(line.substring("data:".length()));
        int more = event.path("choices").path(0).path("logprobs").path("tokens").size();
        if (tokens == 0 && more > 0) {
          ids.add(event.path("id").asString());
        }
        long now = System.nanoTime();
        if (tokens > 0 && more > 0) {
          gaps.add(new Gap(now, now - last));
        }
        tokens += more;
        last = now;
        if (event.has("error")) {
          return Optional.of(line);
        }
      }
    }
    return ended && tokens == TOKENS
        ? Optional.empty()
        : Optional.of(tokens + " of " + TOKENS + " tokens, ended: " + ended);
  }

  /** The 99th percentile of the gaps that ended in a span of {@link System#nanoTime}; 0 if none. */
  double p99Millis(long fromNanos, long toNanos) {
    long[] seen =
        gaps.stream()
            .filter(gap -> gap.atNanos() - fromNanos >= 0 && gap.atNanos() - toNanos < 0)
            .mapToLong(Gap::nanos)
            .sorted()
            .toArray();
    return seen.length == 0 ? 0 : seen[(int) Math.ceil(seen.length * 0.99) - 1] / 1e6;
  }

  /** Requests that have all of their tokens. */
  int done() {
    return done.get();
  }

  /** Requests that have begun and not ended. */
  int open() {
    return running.getUnarrivedParties() - 1;
  }

  /** Why requests failed, one line each. */
  List<String> failures() {
    return new ArrayList<>(failures);
  }

  /** The names that the gateway gave to requests. */
  List<String> ids() {
    return Arrays.asList(ids.toArray(String[]::new));
  }

  /** Begins no more requests and waits for those that have begun. */
  void finish() {
    perSecond(0);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (open() > 0) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(open() + " requests did not end within " + PATIENCE);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(clock);
    http.shutdownNow();
  }
}
