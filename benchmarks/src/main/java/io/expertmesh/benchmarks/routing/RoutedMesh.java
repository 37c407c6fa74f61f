package io.expertmesh.benchmarks.routing;

import io.expertmesh.protocol.transport.MeshNetty;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A router and its expert-services, each a process, all ready. */
final class RoutedMesh implements AutoCloseable {
  private final RunnableTree tree;
  private final Path folder;
  private final Map<String, String> common;
  private final MeshNetty netty = new MeshNetty("introspection");
  private final FreePorts ports = new FreePorts();
  private final int routerPort = ports.next();
  private final List<ServiceProcess> processes = new ArrayList<>();
  private final Thread atExit = new Thread(this::terminateAll);

  private RoutedMesh(RunnableTree tree, Path model, Path folder, RoutedOptions options) {
    this.tree = tree;
    this.folder = folder;
    this.common =
        Map.of(
            "expertmesh.model", model.toString(),
            "expertmesh.grpc.host", "127.0.0.1",
            "expertmesh.threads", "1",
            "expertmesh.provider", options.provider(),
            "expertmesh.exit-with-parent", "true");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Starts the processes and waits until they are ready; stops them again if that fails.
   *
   * @param folder for their logs
   */
  static RoutedMesh start(
      RunnableTree tree, Path model, Path folder, RoutedOptions options, int shards)
      throws IOException, InterruptedException {
    RoutedMesh mesh = new RoutedMesh(tree, model, folder, options);
    try {
      mesh.launch(shards);
      for (ServiceProcess process : mesh.processes) {
        process.awaitReady();
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      mesh.close();
      throw e;
    }
    return mesh;
  }

  private void launch(int shards) throws IOException {
    launch(
        "router",
        "router-service",
        "io.expertmesh.router.app.RouterApplication",
        routerPort,
        Map.of());
    for (int i = 0; i < shards; i++) {
      launch(
          "experts-" + i,
          "expert-service",
          "io.expertmesh.expert.app.ExpertApplication",
          ports.next(),
          Map.of(
              "expertmesh.expert.shard", "experts-" + i,
              "expertmesh.expert.split", i + "/" + shards,
              "expertmesh.expert.replica", "experts-" + i,
              "expertmesh.expert.drain-seconds", "1",
              "expertmesh.expert.routers", routerAddress()));
    }
  }

  private void launch(
      String name, String artifact, String mainClass, int port, Map<String, String> own)
      throws IOException {
    Map<String, String> keys = new TreeMap<>(common);
    keys.putAll(own);
    keys.put("expertmesh.instance", name);
    keys.put("expertmesh.grpc.port", Integer.toString(port));
    processes.add(
        new ServiceProcess(name, tree.command(artifact, mainClass, keys), port, folder, netty));
  }

  /** Where the router listens. */
  String routerAddress() {
    return "127.0.0.1:" + routerPort;
  }

  ServiceProcess router() {
    return processes.getFirst();
  }

  List<ServiceProcess> experts() {
    return processes.subList(1, processes.size());
  }

  private void terminateAll() {
    processes.forEach(ServiceProcess::terminate);
  }

  @Override
  public void close() {
    terminateAll();
    processes.forEach(ServiceProcess::close);
    netty.close();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // This process is ending: the hook runs, and finds them stopped.
    }
  }
}
