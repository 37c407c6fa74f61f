package io.expertmesh.benchmarks.routing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Finds loopback ports that nobody uses, below those that outgoing connections take. */
final class FreePorts {
  private static final int LOWEST = 17_000;
  private static final int HIGHEST = 32_000;

  private final RandomGenerator random = RandomGenerator.getDefault();
  private final Set<Integer> given = new HashSet<>();

  /** Another one. */
  int next() {
    while (given.size() < HIGHEST - LOWEST) {
      int port = random.nextInt(LOWEST, HIGHEST);
      if (given.add(port) && free(port)) {
        return port;
      }
    }
    throw new IllegalStateException("no free port between " + LOWEST + " and " + HIGHEST);
  }

  private static boolean free(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
