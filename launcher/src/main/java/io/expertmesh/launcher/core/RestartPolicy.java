package io.expertmesh.launcher.core;

import java.time.Duration;

/**
 * How long to wait before a service that ended is started again: twice as long after each short
 * life, up to a limit; a long life makes it forget.
 */
public final class RestartPolicy {
  private static final Duration FIRST = Duration.ofMillis(250);
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final Duration LONG_LIFE = Duration.ofSeconds(60);

  private int shortLives;

  /**
   * Delay before the next start.
   *
   * @param lifetime how long the process lived that ended now
   */
  public Duration delayAfter(Duration lifetime) {
    if (lifetime.compareTo(LONG_LIFE) >= 0) {
      shortLives = 0;
    }
    Duration delay = FIRST.multipliedBy(1L << Math.min(shortLives, 10));
    shortLives++;
    return delay.compareTo(LONGEST) > 0 ? LONGEST : delay;
  }
}
