package io.expertmesh.launcher.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.launcher.core.LauncherException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortsTest {
  @Test
  void aTakenPortIsAPlainSentence() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      int port = taken.getLocalPort();
      assertThatThrownBy(() -> Ports.requireFree("127.0.0.1", port))
          .isInstanceOf(LauncherException.class)
          .hasMessage("Port " + port + " on 127.0.0.1 is taken; choose another with --port.");
    }
  }

  @Test
  void anAddressOfAnotherMachineIsAPlainSentence() {
    assertThatThrownBy(() -> Ports.requireFree("192.0.2.1", 20_000))
        .isInstanceOf(LauncherException.class)
        .hasMessage("--host 192.0.2.1 is not an address of this machine.");
  }

  @Test
  void everyPortIsAnotherOne() {
    Ports ports = new Ports(new Random(1));
    Set<Integer> given = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      assertThat(given.add(ports.getAsInt())).isTrue();
    }
  }
}
