package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LogDigestTest {
  @Test
  void theDescriptionOfAFailedStartIsTheSentence() {
    assertThat(
            LogDigest.sentence(
                List.of(
                    "*** APPLICATION FAILED TO START",
                    "",
                    "Description:",
                    "",
                    "Port 9 is taken.",
                    "",
                    "Action:",
                    "Do something.")))
        .isEqualTo("Port 9 is taken.");
  }

  @Test
  void theInnermostCauseWinsOverWhatItCaused() {
    assertThat(
            LogDigest.sentence(
                List.of(
                    "2026 ERROR 1 --- [main] o.s.boot.SpringApplication : Application run failed",
                    "java.lang.IllegalStateException: outer",
                    "\tat a.b.C(D.java:1)",
                    "Caused by: java.io.IOException: middle",
                    "\tat a.b.C(D.java:1)",
                    "Caused by: io.expertmesh.X$YException: config.json: hidden_size is 0.",
                    "\t... 7 more")))
        .isEqualTo("config.json: hidden_size is 0.");
  }

  @Test
  void anErrorLineWinsOverOtherLines() {
    assertThat(
            LogDigest.sentence(
                List.of(
                    "2026 INFO 1 --- [main] a.B : Starting",
                    "2026 ERROR 1 --- [main] a.B : expertmesh.threads is -1, must be at least 0",
                    "2026 INFO 1 --- [main] a.B : Bye")))
        .isEqualTo("expertmesh.threads is -1, must be at least 0");
  }

  @Test
  void aSingleLineIsItsOwnSentence() {
    assertThat(LogDigest.sentence(List.of("WARNING: x", "expertmesh.model is missing", "")))
        .isEqualTo("expertmesh.model is missing");
    assertThat(LogDigest.sentence(List.of())).isEmpty();
  }
}
