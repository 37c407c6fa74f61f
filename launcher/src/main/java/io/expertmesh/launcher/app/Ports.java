package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.random.RandomGenerator;

/** Finds ports that nobody uses. */
final class Ports implements IntSupplier {
  /** Below the range from which systems take the ports of outgoing connections. */
  private static final int LOWEST = 17_000;

  private static final int HIGHEST = 32_000;
  private static final int ATTEMPTS = 10_000;

  private final RandomGenerator random;
  private final Set<Integer> given = new HashSet<>();

  Ports(RandomGenerator random) {
    this.random = Objects.requireNonNull(random, "random");
  }

  /** Another unused port on the loopback address. */
  @Override
  public int getAsInt() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = random.nextInt(LOWEST, HIGHEST);
      if (given.add(port)) {
        try {
          bind(InetAddress.getLoopbackAddress(), port);
          return port;
        } catch (IOException e) {
          // Taken: try another.
        }
      }
    }
    throw new LauncherException("No free port was found between 17000 and 32000.");
  }

  /** Refuses an address on which the gateway could not listen. */
  static void requireFree(String host, int port) {
    try {
      bind(InetAddress.getByName(host), port);
    } catch (UnknownHostException e) {
      throw new LauncherException("--host " + host + " is not an address of this machine.", e);
    } catch (BindException e) {
      String reason = String.valueOf(e.getMessage());
      if (reason.contains("denied")) {
        throw new LauncherException(
            "No permission to listen on port " + port + "; choose one above 1023 with --port.", e);
      }
      if (reason.contains("assign")) {
        throw new LauncherException("--host " + host + " is not an address of this machine.", e);
      }
      throw new LauncherException(
          "Port " + port + " on " + host + " is taken; choose another with --port.", e);
    } catch (IOException e) {
      throw new LauncherException("Cannot listen on " + host + ":" + port + ": " + e, e);
    }
  }

  private static void bind(InetAddress address, int port) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address, port));
    }
  }
}
