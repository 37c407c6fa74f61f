package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class UpOptionsTest {
  @Test
  void aRefusalNamesTheOptionAndItsLimits() {
    refused(0, 1, 8080, "--experts is 0; it must be from 1 to 512.");
    refused(1, -1, 8080, "--replicas is -1; it must be from 1 to 512.");
    refused(1, 1, 70_000, "--port is 70000; it must be from 1 to 65535.");
  }

  @Test
  void moreProcessesThanAMachineTakesAreRefused() {
    refused(
        100,
        100,
        8080,
        "--experts times --replicas asks for 10000 expert-services; a mesh on one machine has at most"
            + " 512 processes.");
  }

  private static void refused(int experts, int replicas, int port, String sentence) {
    assertThatThrownBy(
            () -> new UpOptions("/m", experts, replicas, 1, 1, "127.0.0.1", port, 0, Map.of()))
        .isInstanceOf(LauncherException.class)
        .hasMessage(sentence);
  }
}
