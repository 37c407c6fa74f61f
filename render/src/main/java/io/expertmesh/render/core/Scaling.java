package io.expertmesh.render.core;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A ScaledObject per shard, whose numbers come from the autoscaler by push. While it cannot tell,
 * the shard keeps what it has, or its least number if that is more.
 */
final class Scaling {
  private static final String KEDA = "keda.sh/v1alpha1";
  private static final int DOWN_WINDOW_SECONDS = 60;
  private static final int DOWN_STEP_SECONDS = 10;

  private Scaling() {}

  static List<HasMetadata> of(Workload workload, RenderOptions options) {
    List<HasMetadata> all = new ArrayList<>();
    workload.shards().forEach(shard -> all.add(scaled(shard, options)));
    return all;
  }

  /** What KEDA shows the autoscaler where that asks for a certificate. */
  static HasMetadata authentication() {
    List<Map<String, Object>> secrets = new ArrayList<>();
    Map.of("caCert", "ca.crt", "tlsClientCert", "tls.crt", "tlsClientKey", "tls.key")
        .entrySet()
        .stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            e ->
                secrets.add(
                    ordered("parameter", e.getKey(), "name", "tls-keda", "key", e.getValue())));
    return resource(
        "TriggerAuthentication",
        "autoscaler",
        Names.selector(Role.AUTOSCALER),
        Map.of("secretTargetRef", secrets));
  }

  private static HasMetadata scaled(Shard shard, RenderOptions options) {
    Map<String, Object> trigger =
        ordered(
            "type",
            "external-push",
            "metricType",
            "AverageValue",
            "metadata",
            ordered(
                "scalerAddress",
                Role.AUTOSCALER.label() + "." + options.namespace() + ".svc:" + Names.GRPC,
                "shard",
                shard.name()));
    Map<String, Object> spec =
        ordered(
            "scaleTargetRef",
            ordered("apiVersion", "apps/v1", "kind", "Deployment", "name", Names.of(shard)),
            "minReplicaCount",
            shard.min(),
            "maxReplicaCount",
            shard.max(),
            "pollingInterval",
            5,
            "cooldownPeriod",
            300,
            "fallback",
            ordered(
                "failureThreshold",
                2,
                "replicas",
                Math.max(1, shard.min()),
                "behavior",
                "currentReplicasIfHigher"),
            "advanced",
            Map.of("horizontalPodAutoscalerConfig", Map.of("behavior", behavior())),
            "triggers",
            List.of(trigger));
    return resource("ScaledObject", Names.of(shard), Names.selector(shard), spec);
  }

  /** Up at once and by as much as it takes; down after a minute, one replica at a time. */
  private static Map<String, Object> behavior() {
    return ordered(
        "scaleUp",
        ordered(
            "stabilizationWindowSeconds",
            0,
            "selectPolicy",
            "Max",
            "policies",
            List.of(
                ordered("type", "Percent", "value", 100, "periodSeconds", 5),
                ordered("type", "Pods", "value", 4, "periodSeconds", 5))),
        "scaleDown",
        ordered(
            "stabilizationWindowSeconds",
            DOWN_WINDOW_SECONDS,
            "policies",
            List.of(ordered("type", "Pods", "value", 1, "periodSeconds", DOWN_STEP_SECONDS))));
  }

  private static HasMetadata resource(
      String kind, String name, Map<String, String> labels, Map<String, Object> spec) {
    return Custom.of(KEDA, kind, name, labels, spec);
  }

  private static Map<String, Object> ordered(Object... pairs) {
    return Custom.ordered(pairs);
  }
}
