package io.expertmesh.render.core;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitorBuilder;
import java.util.Arrays;
import java.util.List;

/** What the Prometheus operator is to collect. */
final class Monitors {
  private Monitors() {}

  static List<HasMetadata> all() {
    return Arrays.stream(Role.values()).map(Monitors::of).toList();
  }

  private static HasMetadata of(Role role) {
    return new ServiceMonitorBuilder()
        .withMetadata(Services.meta(role.label(), Names.selector(role)))
        .withNewSpec()
        .withNewSelector()
        .withMatchLabels(Names.selector(role))
        .endSelector()
        .addNewEndpoint()
        .withPort(role == Role.GATEWAY ? "http" : "management")
        .withPath("/metrics")
        .withInterval("5s")
        .endEndpoint()
        .endSpec()
        .build();
  }
}
