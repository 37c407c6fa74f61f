package io.expertmesh.render.core;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The workloads of all services, each with its Service and its disruption budget. */
final class Services {
  private final Workload workload;
  private final RenderOptions options;
  private final Pods pods;

  Services(Workload workload, RenderOptions options) {
    this.workload = workload;
    this.options = options;
    this.pods = new Pods(workload, options);
  }

  List<HasMetadata> gateway() {
    Map<String, String> labels = Names.selector(Role.GATEWAY);
    Map<String, String> keys =
        new TreeMap<>(
            Map.of(
                "server.address",
                "0.0.0.0",
                "server.port",
                Integer.toString(Names.HTTP),
                "spring.lifecycle.timeout-per-shutdown-phase",
                options.drainSeconds() + "s",
                "expertmesh.gateway.native-cache",
                "/tmp",
                "expertmesh.gateway.attention",
                addresses(Role.ATTENTION, options.attentions())));
    Service service =
        service(Role.GATEWAY.label(), labels)
            .editSpec()
            .withPorts(
                new ServicePortBuilder()
                    .withName("http")
                    .withPort(80)
                    .withTargetPort(new IntOrString("http"))
                    .build())
            .endSpec()
            .build();
    return List.of(
        deployment(
            Role.GATEWAY.label(),
            labels,
            options.gateways(),
            pods.of(
                Role.GATEWAY,
                labels,
                keys,
                Sizes.of(0, 1, NodePool.CPU),
                NodePool.CPU,
                Names.HTTP)),
        service,
        budget(Role.GATEWAY.label(), labels));
  }

  /**
   * Attention-services have names of their own, because a gateway chooses among them itself and
   * continues on another what one has begun.
   */
  List<HasMetadata> attention() {
    Map<String, String> keys = computing();
    keys.put("expertmesh.attention.drain-seconds", Integer.toString(options.drainSeconds()));
    if (!workload.shards().isEmpty()) {
      keys.put("expertmesh.attention.routers", addresses(Role.ROUTER, options.routers()));
      keys.put(
          "expertmesh.attention.experts-may-sleep",
          Boolean.toString(workload.shards().stream().anyMatch(shard -> shard.min() == 0)));
    }
    return named(
        Role.ATTENTION,
        options.attentions(),
        keys,
        workload.attentionBytes() + options.kvBytes(),
        options.cpus());
  }

  /** Every expert joins every router, so that each of them is dialled by a name of its own. */
  List<HasMetadata> router() {
    return named(Role.ROUTER, options.routers(), new TreeMap<>(), workload.gateBytes(), 1);
  }

  private List<HasMetadata> named(
      Role role, int replicas, Map<String, String> keys, long bytes, int cpus) {
    Map<String, String> labels = Names.selector(role);
    PodTemplateSpec pod =
        pods.of(
            role,
            labels,
            keys,
            Sizes.of(bytes, cpus, NodePool.CPU),
            NodePool.CPU,
            Names.MANAGEMENT);
    return List.of(
        new StatefulSetBuilder()
            .withMetadata(meta(role.label(), labels))
            .withNewSpec()
            .withServiceName(role.label())
            .withReplicas(replicas)
            .withPodManagementPolicy("Parallel")
            .withNewSelector()
            .withMatchLabels(labels)
            .endSelector()
            .withTemplate(pod)
            .endSpec()
            .build(),
        headless(role.label(), labels),
        budget(role.label(), labels));
  }

  List<HasMetadata> expert(Shard shard) {
    Map<String, String> labels = Names.selector(shard);
    String name = Names.of(shard);
    Map<String, String> keys = computing();
    keys.put("expertmesh.expert.shard", shard.name());
    keys.put("expertmesh.expert." + shard.key(), shard.value());
    keys.put("expertmesh.expert.routers", addresses(Role.ROUTER, options.routers()));
    keys.put("expertmesh.expert.drain-seconds", Integer.toString(options.drainSeconds()));
    keys.put("expertmesh.grpc.advertise", "$(POD_IP)");
    return List.of(
        deployment(
            name,
            labels,
            Math.max(1, shard.min()),
            pods.of(
                Role.EXPERT,
                labels,
                keys,
                Sizes.of(shard.bytes(), options.cpus(), shard.pool()),
                shard.pool(),
                Names.MANAGEMENT)),
        headless(name, labels),
        budget(name, labels));
  }

  List<HasMetadata> autoscaler() {
    Map<String, String> labels = Names.selector(Role.AUTOSCALER);
    Map<String, String> keys =
        new TreeMap<>(
            Map.of(
                "expertmesh.autoscaler.http-host", "0.0.0.0",
                "expertmesh.autoscaler.http-port", Integer.toString(Names.MANAGEMENT),
                "expertmesh.autoscaler.shards",
                    workload.shards().stream()
                        .map(shard -> shard.name() + "=" + shard.min() + ".." + shard.max())
                        .collect(Collectors.joining(","))));
    return List.of(
        deployment(
            Role.AUTOSCALER.label(),
            labels,
            2,
            pods.of(
                Role.AUTOSCALER,
                labels,
                keys,
                Sizes.of(0, 1, NodePool.CPU),
                NodePool.CPU,
                Names.MANAGEMENT)),
        service(Role.AUTOSCALER.label(), labels).build(),
        budget(Role.AUTOSCALER.label(), labels));
  }

  private Map<String, String> computing() {
    return new TreeMap<>(Map.of("expertmesh.threads", Integer.toString(options.cpus())));
  }

  private String addresses(Role role, int replicas) {
    return IntStream.range(0, replicas)
        .mapToObj(i -> "%1$s-%2$d.%1$s:%3$d".formatted(role.label(), i, Names.GRPC))
        .collect(Collectors.joining(","));
  }

  private static HasMetadata deployment(
      String name, Map<String, String> labels, int replicas, PodTemplateSpec pod) {
    return new DeploymentBuilder()
        .withMetadata(meta(name, labels))
        .withNewSpec()
        .withReplicas(replicas)
        .withNewSelector()
        .withMatchLabels(labels)
        .endSelector()
        .withNewStrategy()
        .withType("RollingUpdate")
        .withNewRollingUpdate()
        .withMaxSurge(new IntOrString(1))
        .withMaxUnavailable(new IntOrString(0))
        .endRollingUpdate()
        .endStrategy()
        .withTemplate(pod)
        .endSpec()
        .build();
  }

  private static ServiceBuilder service(String name, Map<String, String> labels) {
    return new ServiceBuilder()
        .withMetadata(meta(name, labels))
        .withNewSpec()
        .withSelector(labels)
        .addNewPort()
        .withName("grpc")
        .withPort(Names.GRPC)
        .withTargetPort(new IntOrString("grpc"))
        .endPort()
        .addNewPort()
        .withName("management")
        .withPort(Names.MANAGEMENT)
        .withTargetPort(new IntOrString("management"))
        .endPort()
        .endSpec();
  }

  /** Names of pods that are there before they are ready: routers are, once experts have come. */
  private static Service headless(String name, Map<String, String> labels) {
    return service(name, labels)
        .editSpec()
        .withClusterIP("None")
        .withPublishNotReadyAddresses(true)
        .endSpec()
        .build();
  }

  private static PodDisruptionBudget budget(String name, Map<String, String> labels) {
    return new PodDisruptionBudgetBuilder()
        .withMetadata(meta(name, labels))
        .withNewSpec()
        .withMaxUnavailable(new IntOrString(1))
        .withUnhealthyPodEvictionPolicy("AlwaysAllow")
        .withSelector(new LabelSelectorBuilder().withMatchLabels(labels).build())
        .endSpec()
        .build();
  }

  static ObjectMeta meta(String name, Map<String, String> labels) {
    return new ObjectMetaBuilder().withName(name).withLabels(labels).build();
  }
}
