package io.expertmesh.model.transport;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long a server that does not answer is asked again. Every pause is twice the one before, less
 * a random part of up to a half, so that many pods do not come back together.
 *
 * @param attempts requests in a row that may end without a byte
 * @param first longest pause after the first
 * @param most longest pause
 * @param silence time without a byte after which a request is given up
 */
record Patience(int attempts, Duration first, Duration most, Duration silence) {
  /** About a minute and a half in all. */
  static final Patience STANDARD =
      new Patience(10, Duration.ofMillis(250), Duration.ofSeconds(15), Duration.ofSeconds(30));

  /** Waits after so many requests in a row that ended without a byte. */
  void pause(int failures, RandomGenerator random) throws InterruptedException {
    long pause = first.toMillis() << Math.min(failures - 1, 20);
    long limit = Math.min(pause, most.toMillis());
    Thread.sleep(limit - random.nextLong(limit / 2 + 1));
  }
}
