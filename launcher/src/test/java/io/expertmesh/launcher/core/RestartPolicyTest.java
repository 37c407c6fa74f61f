package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {
  private final RestartPolicy policy = new RestartPolicy();

  @Test
  void theDelayDoublesWithEveryShortLifeUpToItsLimit() {
    Duration[] delays = new Duration[12];
    for (int i = 0; i < delays.length; i++) {
      delays[i] = policy.delayAfter(Duration.ofSeconds(1));
    }

    assertThat(delays)
        .startsWith(Duration.ofMillis(250), Duration.ofMillis(500), Duration.ofSeconds(1))
        .endsWith(Duration.ofSeconds(30), Duration.ofSeconds(30));
  }

  @Test
  void aLongLifeMakesItForget() {
    Duration first = policy.delayAfter(Duration.ofSeconds(1));
    policy.delayAfter(Duration.ofSeconds(1));

    assertThat(policy.delayAfter(Duration.ofMinutes(5))).isEqualTo(first);
  }
}
