package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LatencyWindow;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.transport.RestClient;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Callers that send one request after the other. Four of five ask for one and the same token over
 * and over, which takes the same experts every time; the others let the model speak.
 */
final class DemoTraffic implements AutoCloseable {
  private static final int TOKENS = 32;
  private static final int SPAN_SECONDS = 5;

  /** As long as only this token of the bundled model is said, every layer takes expert 7 for it. */
  private static final int HOT_TOKEN = 3335;

  private final RestClient client;
  private final LatencyWindow gaps = new LatencyWindow(TimeUnit.SECONDS.toNanos(SPAN_SECONDS));
  private final AtomicInteger wanted = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private final LongAdder done = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private volatile String lastFailure = "";
  private volatile boolean closed;

  DemoTraffic(String url) {
    client = new RestClient(Objects.requireNonNull(url, "url"));
  }

  /** Has so many callers send from now on. */
  void callers(int count) {
    wanted.set(count);
    while (running.get() < count) {
      int number = running.getAndIncrement();
      var unused =
          Thread.ofVirtual().name("caller-" + number).start(() -> send(number, number % 5 != 4));
    }
  }

  private void send(int number, boolean hot) {
    while (number < wanted.get()) {
      long from = System.nanoTime();
      request(hot);
      if (wanted.get() == 1) {
        LockSupport.parkNanos(System.nanoTime() - from);
      }
    }
    running.decrementAndGet();
  }

  private void request(boolean hot) {
    Map<String, Object> body =
        hot
            ? Map.of(
                "prompt",
                List.of(HOT_TOKEN, HOT_TOKEN),
                "max_tokens",
                TOKENS,
                "stream",
                true,
                "logit_bias",
                Map.of("" + HOT_TOKEN, 100))
            : Map.of(
                "prompt",
                "This package contains",
                "max_tokens",
                TOKENS,
                "stream",
                true,
                "temperature",
                1);
    long[] last = {0};
    try {
      client.complete(
          body,
          piece -> {
            long now = System.nanoTime();
            if (last[0] != 0) {
              gaps.add(now, now - last[0]);
            }
            last[0] = now;
          });
      done.increment();
    } catch (LauncherException e) {
      if (!closed) {
        failed.increment();
        lastFailure = String.valueOf(e.getMessage());
      }
    }
  }

  /** One line: callers, requests, gaps between tokens. */
  String line() {
    long now = System.nanoTime();
    return "%d callers, %d requests done, %d failed, %.0f tokens/s, gap p50 %.0f ms, p99 %.0f ms"
        .formatted(
            wanted.get(),
            done.sum(),
            failed.sum(),
            gaps.count(now) / (double) SPAN_SECONDS,
            gaps.percentileMillis(now, 0.5),
            gaps.percentileMillis(now, 0.99));
  }

  long failed() {
    return failed.sum();
  }

  String lastFailure() {
    return lastFailure;
  }

  @Override
  public void close() {
    closed = true;
    wanted.set(0);
    client.close();
  }
}
