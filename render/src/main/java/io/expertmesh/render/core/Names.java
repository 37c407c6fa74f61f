package io.expertmesh.render.core;

import java.util.Map;
import java.util.TreeMap;

/** Labels, ports and names that manifests of several kinds agree on. */
final class Names {
  static final String APP = "expertmesh";
  static final String COMPONENT = "app.kubernetes.io/component";
  static final String SHARD = "expertmesh.io/shard";
  static final String POOL = "expertmesh.io/pool";

  /** Every pod has one container of this name, so that one patch fits all. */
  static final String CONTAINER = "service";

  static final int GRPC = 9090;
  static final int MANAGEMENT = 9091;
  static final int HTTP = 8080;

  private Names() {}

  /** Labels by which a service's pods are found. */
  static Map<String, String> selector(Role role) {
    return new TreeMap<>(Map.of("app.kubernetes.io/name", APP, COMPONENT, role.label()));
  }

  /** Labels by which a shard's pods are found. */
  static Map<String, String> selector(Shard shard) {
    Map<String, String> labels = selector(Role.EXPERT);
    labels.put(SHARD, shard.name());
    return labels;
  }

  /** Name of a shard's deployment and service. */
  static String of(Shard shard) {
    return Role.EXPERT.label() + "-" + shard.name();
  }
}
