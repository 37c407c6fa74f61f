package io.expertmesh.render.core;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRuleBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeerBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPortBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Who may open a connection to whom: the ways that a token takes, and nothing else. */
final class NetworkRules {
  private static final String NAMESPACE = "kubernetes.io/metadata.name";
  private static final Map<String, String> ALL = Map.of("app.kubernetes.io/name", Names.APP);
  private static final int DNS = 53;
  private static final List<Integer> KAFKA = List.of(9092, 9093);

  private NetworkRules() {}

  static List<HasMetadata> all() {
    List<HasMetadata> rules = new ArrayList<>();
    rules.add(closed());
    rules.add(everyone());
    for (Role role : Role.values()) {
      rules.add(forRole(role));
    }
    return rules;
  }

  private static HasMetadata closed() {
    return new NetworkPolicyBuilder()
        .withMetadata(Services.meta("default-deny", ALL))
        .withNewSpec()
        .withNewPodSelector()
        .endPodSelector()
        .withPolicyTypes("Ingress", "Egress")
        .endSpec()
        .build();
  }

  /** Names are looked up by all, load events are sent by all. */
  private static HasMetadata everyone() {
    return new NetworkPolicyBuilder()
        .withMetadata(Services.meta("names-and-events", ALL))
        .withNewSpec()
        .withNewPodSelector()
        .withMatchLabels(ALL)
        .endPodSelector()
        .withPolicyTypes("Egress")
        .addNewEgress()
        .withPorts(port(DNS, "UDP"), port(DNS, "TCP"))
        .endEgress()
        .addNewEgress()
        .withPorts(KAFKA.stream().map(number -> port(number, "TCP")).toList())
        .endEgress()
        .endSpec()
        .build();
  }

  /** Weights are fetched by those that hold some, and by the gateway for its tokenizer. */
  static HasMetadata weights(int port) {
    return new NetworkPolicyBuilder()
        .withMetadata(Services.meta("fetch-weights", ALL))
        .withNewSpec()
        .withNewPodSelector()
        .withMatchLabels(ALL)
        .addNewMatchExpression()
        .withKey(Names.COMPONENT)
        .withOperator("NotIn")
        .withValues(Role.AUTOSCALER.label())
        .endMatchExpression()
        .endPodSelector()
        .withPolicyTypes("Egress")
        .addNewEgress()
        .withPorts(port(port, "TCP"))
        .endEgress()
        .endSpec()
        .build();
  }

  private static HasMetadata forRole(Role role) {
    List<NetworkPolicyIngressRule> in = new ArrayList<>();
    List<NetworkPolicyPeer> callers =
        Arrays.stream(Role.values())
            .filter(caller -> caller.dials().contains(role))
            .map(NetworkRules::pods)
            .toList();
    if (!callers.isEmpty()) {
      in.add(rule(callers, Names.GRPC));
    }
    switch (role) {
      case GATEWAY -> in.add(rule(List.of(), Names.HTTP));
      case AUTOSCALER -> {
        in.add(rule(List.of(namespace("keda")), Names.GRPC));
        in.add(rule(List.of(namespace("monitoring")), Names.MANAGEMENT));
      }
      case ATTENTION, ROUTER, EXPERT ->
          in.add(rule(List.of(namespace("monitoring")), Names.MANAGEMENT));
    }
    NetworkPolicyBuilder policy =
        new NetworkPolicyBuilder()
            .withMetadata(Services.meta(role.label(), Names.selector(role)))
            .withNewSpec()
            .withNewPodSelector()
            .withMatchLabels(Names.selector(role))
            .endPodSelector()
            .withPolicyTypes("Ingress", "Egress")
            .withIngress(in)
            .endSpec();
    if (!role.dials().isEmpty()) {
      policy
          .editSpec()
          .addNewEgress()
          .withTo(role.dials().stream().map(NetworkRules::pods).toList())
          .withPorts(port(Names.GRPC, "TCP"))
          .endEgress()
          .endSpec();
    }
    return policy.build();
  }

  private static NetworkPolicyIngressRule rule(List<NetworkPolicyPeer> from, int port) {
    return new NetworkPolicyIngressRuleBuilder()
        .withFrom(from)
        .withPorts(port(port, "TCP"))
        .build();
  }

  private static NetworkPolicyPeer pods(Role role) {
    return new NetworkPolicyPeerBuilder()
        .withPodSelector(new LabelSelectorBuilder().withMatchLabels(Names.selector(role)).build())
        .build();
  }

  private static NetworkPolicyPeer namespace(String name) {
    return new NetworkPolicyPeerBuilder()
        .withNewNamespaceSelector()
        .withMatchLabels(Map.of(NAMESPACE, name))
        .endNamespaceSelector()
        .build();
  }

  private static NetworkPolicyPort port(int number, String protocol) {
    return new NetworkPolicyPortBuilder()
        .withPort(new IntOrString(number))
        .withProtocol(protocol)
        .build();
  }
}
