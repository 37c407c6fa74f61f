package io.expertmesh.launcher.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;

/** Turns options into processes: names, ports, addresses of each other, arguments. */
public final class MeshPlanner {
  private static final String LOOPBACK = "127.0.0.1";

  /** Within what the supervisor waits before it kills. */
  private static final String DRAIN_SECONDS = "8";

  private final UpOptions options;
  private final ModelFacts model;
  private final IntSupplier freePort;
  private final int cores;
  private final int kafkaPort;
  private final int autoscalerPort;

  /**
   * @param freePort yields another unused loopback port at each call
   * @param cores processors that the mesh may use
   */
  public MeshPlanner(UpOptions options, ModelFacts model, IntSupplier freePort, int cores) {
    this.options = options;
    this.model = model;
    this.freePort = freePort;
    this.cores = cores;
    this.kafkaPort = options.scale().embedded() ? freePort.getAsInt() : 0;
    this.autoscalerPort = options.scale().autoscale() ? freePort.getAsInt() : 0;
  }

  /** The plan; refuses more shards than a layer has experts. */
  public MeshPlan plan() {
    if (model.expertsPerLayer() > 0 && options.experts() > model.expertsPerLayer()) {
      throw new LauncherException(
          "--experts is "
              + options.experts()
              + ", but "
              + model.modelId()
              + " has only "
              + model.expertsPerLayer()
              + " experts in a layer.");
    }
    List<InstancePlan> routers = routers();
    String routerAddresses = addresses(routers);
    List<InstancePlan> instances = new ArrayList<>(routers);
    if (model.expertsPerLayer() > 0) {
      instances.addAll(experts(routerAddresses));
    }
    List<InstancePlan> attention = attention(routerAddresses);
    instances.addAll(attention);
    instances.add(gateway(addresses(attention)));
    instances.addAll(companions());
    return new MeshPlan(model.modelId(), url(), instances);
  }

  /**
   * Attention and experts take turns, so each kind of service gets all cores, divided among its
   * processes: more computing threads than cores only wait for each other.
   */
  private int threads(ServiceKind kind) {
    if (options.threads() > 0) {
      return options.threads();
    }
    return switch (kind) {
      case ATTENTION -> Math.max(1, cores / options.attention());
      case EXPERT -> Math.max(1, cores / (options.experts() * options.replicas()));
      case ROUTER, GATEWAY, KAFKA, AUTOSCALER -> 1;
    };
  }

  /** What scales the mesh, and is started once the mesh serves. */
  private List<InstancePlan> companions() {
    List<InstancePlan> companions = new ArrayList<>();
    if (options.scale().embedded()) {
      companions.add(
          new InstancePlan(
              ServiceKind.KAFKA,
              "kafka",
              "",
              kafkaPort,
              List.of(
                  "--expertmesh.kafka.port=" + kafkaPort,
                  "--expertmesh.kafka.controller-port=" + freePort.getAsInt(),
                  "--expertmesh.kafka.data=kafka",
                  "--expertmesh.exit-with-parent=true")));
    }
    if (options.scale().autoscale()) {
      companions.add(
          instance(
              ServiceKind.AUTOSCALER,
              "autoscaler",
              "",
              Map.of(
                  "expertmesh.autoscaler.http-port", Integer.toString(autoscalerPort),
                  "expertmesh.autoscaler.min", Integer.toString(options.scale().minReplicas()),
                  "expertmesh.autoscaler.max", Integer.toString(options.scale().maxReplicas()))));
    }
    return companions;
  }

  /** Where load events go; empty for nowhere. */
  private String kafka() {
    return switch (options.scale().kafka()) {
      case ScaleOptions.EMBEDDED -> LOOPBACK + ":" + kafkaPort;
      case ScaleOptions.OFF -> "";
      case String cluster -> cluster;
    };
  }

  private List<InstancePlan> routers() {
    List<InstancePlan> routers = new ArrayList<>();
    for (int i = 0; i < options.routers(); i++) {
      String name = options.routers() == 1 ? "router" : "router-" + i;
      routers.add(instance(ServiceKind.ROUTER, name, "", Map.of()));
    }
    return routers;
  }

  private List<InstancePlan> experts(String routers) {
    List<InstancePlan> experts = new ArrayList<>();
    for (int i = 0; i < options.experts(); i++) {
      String shard = "experts-" + i;
      for (int r = 0; r < options.replicas(); r++) {
        String name = options.replicas() == 1 ? shard : shard + "-r" + r;
        experts.add(
            instance(
                ServiceKind.EXPERT,
                name,
                shard,
                Map.of(
                    "expertmesh.expert.shard", shard,
                    "expertmesh.expert.split", i + "/" + options.experts(),
                    "expertmesh.expert.replica", name,
                    "expertmesh.expert.drain-seconds", DRAIN_SECONDS,
                    "expertmesh.expert.routers", routers)));
      }
    }
    return experts;
  }

  private List<InstancePlan> attention(String routers) {
    List<InstancePlan> attention = new ArrayList<>();
    for (int i = 0; i < options.attention(); i++) {
      String name = options.attention() == 1 ? "attention" : "attention-" + i;
      attention.add(
          instance(
              ServiceKind.ATTENTION, name, "", Map.of("expertmesh.attention.routers", routers)));
    }
    return attention;
  }

  private InstancePlan gateway(String attention) {
    return instance(
        ServiceKind.GATEWAY,
        "gateway",
        "",
        Map.of(
            "expertmesh.gateway.attention",
            attention,
            "expertmesh.gateway.autoscaler",
            autoscalerPort == 0 ? "" : LOOPBACK + ":" + autoscalerPort,
            "server.address",
            options.host(),
            "server.port",
            Integer.toString(options.port())));
  }

  private InstancePlan instance(
      ServiceKind kind, String name, String shard, Map<String, String> own) {
    int port = freePort.getAsInt();
    Map<String, String> keys = new TreeMap<>(own);
    keys.put("expertmesh.model", model.directory());
    keys.put("expertmesh.model-id", model.modelId());
    keys.put("expertmesh.instance", name);
    keys.put("expertmesh.grpc.host", LOOPBACK);
    keys.put("expertmesh.grpc.port", Integer.toString(port));
    keys.put("expertmesh.threads", Integer.toString(threads(kind)));
    keys.put("expertmesh.exit-with-parent", "true");
    keys.put("expertmesh.telemetry.kafka", kafka());
    options.settings().entrySet().stream()
        .filter(setting -> concerns(setting.getKey(), kind))
        .forEach(setting -> keys.put(setting.getKey(), setting.getValue()));
    List<String> arguments =
        keys.entrySet().stream().map(e -> "--" + e.getKey() + "=" + e.getValue()).toList();
    return new InstancePlan(kind, name, shard, port, arguments);
  }

  /** A key of one kind of service goes to that kind only; all others go to everyone. */
  private static boolean concerns(String key, ServiceKind kind) {
    if (key.startsWith("expertmesh.router.")) {
      return kind == ServiceKind.ROUTER;
    }
    if (key.startsWith("expertmesh.expert.")) {
      return kind == ServiceKind.EXPERT;
    }
    if (key.startsWith("expertmesh.attention.")) {
      return kind == ServiceKind.ATTENTION;
    }
    if (key.startsWith("expertmesh.autoscaler.")) {
      return kind == ServiceKind.AUTOSCALER;
    }
    if (key.startsWith("expertmesh.gateway.") || key.startsWith("server.")) {
      return kind == ServiceKind.GATEWAY;
    }
    return true;
  }

  private static String addresses(List<InstancePlan> instances) {
    return String.join(",", instances.stream().map(i -> LOOPBACK + ":" + i.grpcPort()).toList());
  }

  private String url() {
    boolean everyAddress = options.host().equals("0.0.0.0") || options.host().equals("::");
    String host = everyAddress ? LOOPBACK : options.host();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + options.port();
  }
}
