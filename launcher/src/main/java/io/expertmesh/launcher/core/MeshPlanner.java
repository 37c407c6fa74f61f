package io.expertmesh.launcher.core;

import io.expertmesh.render.core.Shard;
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

  private static final String SHARD_BOUNDS = "expertmesh.autoscaler.shards";

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
    if (options.scale().autoscale() && model.expertsPerLayer() > 0) {
      instances.addAll(spares(routerAddresses));
    }
    return new MeshPlan(model.modelId(), model.directory(), url(), instances);
  }

  /**
   * The same mesh with the shards of a placement: one expert-service of each, of which replicas are
   * made, and an autoscaler that keeps to the placement's bounds.
   *
   * @throws LauncherException if the mesh would have too many processes
   */
  public MeshPlan placed(MeshPlan present, PlacementRequest placement) {
    UpOptions.requireProcesses(
        "--placement", placement.processes(), options.attention(), options.routers());
    String routers = addresses(present.of(ServiceKind.ROUTER));
    Map<String, String> threads = threads(placement.processes());
    List<InstancePlan> experts =
        placement.shards().stream()
            .map(s -> expert(s.name(), s.name(), s.key(), s.value(), routers, threads))
            .toList();
    MeshPlan placed = present.with(ServiceKind.EXPERT, experts);
    List<InstancePlan> autoscaler =
        present.of(ServiceKind.AUTOSCALER).stream()
            .map(instance -> instance.with(SHARD_BOUNDS, bounds(placement.shards())))
            .toList();
    return autoscaler.isEmpty() ? placed : placed.with(ServiceKind.AUTOSCALER, autoscaler);
  }

  private static String bounds(List<Shard> shards) {
    return String.join(
        ",", shards.stream().map(s -> s.name() + "=" + s.min() + ".." + s.max()).toList());
  }

  /**
   * Attention and experts take turns, so each kind of service gets all cores, divided among its
   * processes: more computing threads than cores only wait for each other. But processes of a kind
   * seldom have the same to do, and what one does not need of its share helpers of the others use.
   * A number of threads that was asked for is all that a process gets.
   */
  private Map<String, String> threads(int processes) {
    int threads = Math.max(1, cores / processes);
    int helpers = Math.clamp(cores - threads, 0, threads);
    return options.threads() > 0 ? threads(options.threads(), 0) : threads(threads, helpers);
  }

  private static Map<String, String> threads(int threads, int helpers) {
    return Map.of(
        "expertmesh.threads",
        Integer.toString(threads),
        "expertmesh.helpers",
        Integer.toString(helpers));
  }

  private Map<String, String> threads(ServiceKind kind) {
    return switch (kind) {
      case ATTENTION -> threads(options.attention());
      case EXPERT, SPARE -> threads(options.experts() * options.replicas());
      case ROUTER, GATEWAY, KAFKA, AUTOSCALER -> Map.of();
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
            expert(
                name,
                shard,
                "split",
                i + "/" + options.experts(),
                routers,
                threads(ServiceKind.EXPERT)));
      }
    }
    return experts;
  }

  private InstancePlan expert(
      String name,
      String shard,
      String key,
      String value,
      String routers,
      Map<String, String> threads) {
    Map<String, String> own = new TreeMap<>(threads);
    own.putAll(
        Map.of(
            "expertmesh.expert.shard",
            shard,
            "expertmesh.expert." + key,
            value,
            "expertmesh.expert.replica",
            name,
            "expertmesh.expert.drain-seconds",
            DRAIN_SECONDS,
            "expertmesh.expert.routers",
            routers));
    return instance(ServiceKind.EXPERT, name, shard, own);
  }

  private List<InstancePlan> spares(String routers) {
    List<InstancePlan> spares = new ArrayList<>();
    for (int i = 0; i < options.scale().spares(); i++) {
      spares.add(
          instance(
              ServiceKind.SPARE,
              "spare-" + i,
              "",
              Map.of(
                  "expertmesh.expert.spare",
                  "true",
                  "expertmesh.expert.replica",
                  "spare-" + i,
                  "expertmesh.expert.routers",
                  routers)));
    }
    return spares;
  }

  private List<InstancePlan> attention(String routers) {
    List<InstancePlan> attention = new ArrayList<>();
    for (int i = 0; i < options.attention(); i++) {
      String name = options.attention() == 1 ? "attention" : "attention-" + i;
      attention.add(
          instance(
              ServiceKind.ATTENTION,
              name,
              "",
              Map.of(
                  "expertmesh.attention.routers",
                  routers,
                  // with a later placement, if not with this one
                  "expertmesh.attention.experts-may-sleep",
                  Boolean.toString(options.scale().autoscale()))));
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
    Map<String, String> keys = new TreeMap<>(threads(kind));
    keys.putAll(own);
    keys.put("expertmesh.model", model.directory());
    keys.put("expertmesh.model-id", model.modelId());
    keys.put("expertmesh.instance", name);
    keys.put("expertmesh.grpc.host", LOOPBACK);
    keys.put("expertmesh.grpc.port", Integer.toString(port));
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
      return kind == ServiceKind.EXPERT || kind == ServiceKind.SPARE;
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
