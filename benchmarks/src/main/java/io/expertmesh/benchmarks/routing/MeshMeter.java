package io.expertmesh.benchmarks.routing;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What the three roles of a routed layer use: attention is this process. */
final class MeshMeter implements AutoCloseable {
  private final JvmMeter attention;
  private final JvmMeter router;
  private final List<JvmMeter> experts = new ArrayList<>();

  MeshMeter(RoutedMesh mesh) throws IOException {
    attention = JvmMeter.ofThisProcess();
    router = JvmMeter.of(mesh.router().pid());
    for (ServiceProcess expert : mesh.experts()) {
      experts.add(JvmMeter.of(expert.pid()));
    }
  }

  /** What they used since they started. */
  Use read() {
    JvmUse all = experts.stream().map(JvmMeter::read).reduce(JvmUse.NONE, JvmUse::plus);
    return new Use(attention.read(), router.read(), all, LoopbackTraffic.bytes());
  }

  @Override
  public void close() throws IOException {
    attention.close();
    router.close();
    for (JvmMeter expert : experts) {
      expert.close();
    }
  }

  /**
   * What the roles used.
   *
   * @param experts sum over the expert-services
   * @param loopbackBytes bytes over the loopback interface, headers included; 0 if unknown
   */
  record Use(JvmUse attention, JvmUse router, JvmUse experts, long loopbackBytes) {
    Use minus(Use other) {
      return new Use(
          attention.minus(other.attention),
          router.minus(other.router),
          experts.minus(other.experts),
          loopbackBytes - other.loopbackBytes);
    }
  }
}
