package io.expertmesh.render.core;

import static io.expertmesh.render.core.Custom.ordered;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import java.util.Map;

/** Chaos Mesh experiments on one shard: each is applied by itself, and ends by itself. */
final class Chaos {
  private static final String API = "chaos-mesh.org/v1alpha1";
  private static final String DURATION = "30s";

  private Chaos() {}

  /** Experiments by the name of their file. */
  static Map<String, HasMetadata> of(Shard shard, RenderOptions options) {
    Map<String, Object> replicas = selector(Names.selector(shard), options);
    Map<String, Object> routers = selector(Names.selector(Role.ROUTER), options);
    return Map.of(
        "kill-replica",
        experiment(
            "PodChaos",
            "kill-replica",
            ordered("action", "pod-kill", "mode", "one", "selector", replicas)),
        // to its peers a paused process is one whose packets are lost
        "pause-replica",
        experiment(
            "NetworkChaos",
            "pause-replica",
            ordered(
                "action",
                "loss",
                "mode",
                "one",
                "duration",
                DURATION,
                "selector",
                replicas,
                "loss",
                ordered("loss", "100", "correlation", "0"))),
        "delay-replica",
        experiment(
            "NetworkChaos",
            "delay-replica",
            ordered(
                "action",
                "delay",
                "mode",
                "one",
                "duration",
                DURATION,
                "selector",
                replicas,
                "delay",
                ordered("latency", "200ms", "jitter", "50ms", "correlation", "0"))),
        "partition-router-and-shard",
        experiment(
            "NetworkChaos",
            "partition-router-and-shard",
            ordered(
                "action",
                "partition",
                "mode",
                "all",
                "duration",
                DURATION,
                "direction",
                "both",
                "selector",
                routers,
                "target",
                ordered("mode", "all", "selector", replicas))));
  }

  private static HasMetadata experiment(String kind, String name, Map<String, Object> spec) {
    return Custom.of(API, kind, name, Map.of("app.kubernetes.io/name", Names.APP), spec);
  }

  private static Map<String, Object> selector(Map<String, String> labels, RenderOptions options) {
    return ordered("namespaces", List.of(options.namespace()), "labelSelectors", labels);
  }
}
