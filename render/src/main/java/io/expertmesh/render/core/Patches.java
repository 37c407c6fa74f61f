package io.expertmesh.render.core;

import static io.expertmesh.render.core.Custom.ordered;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Patches by which components change the workloads of the base. */
final class Patches {
  private static final String WORKLOADS = "Deployment|StatefulSet";

  /** Room for config, index, tokenizer and records of what was fetched. */
  private static final long FETCH_SPARE = 128L << 20;

  private static final String TLS_FOLDER = "/etc/expertmesh/tls";

  private Patches() {}

  /** Gives the pods of a service its certificate and the names of its peers. */
  static Map<String, Object> tls(Role role, RenderOptions options) {
    List<String> peers =
        new ArrayList<>(
            role.peers().stream().map(p -> Certificates.identity(p.label(), options)).toList());
    if (role == Role.AUTOSCALER) {
      peers.add(Certificates.identity("keda", options));
    }
    return pods(
        ordered(
            "containers",
            List.of(
                ordered(
                    "name",
                    Names.CONTAINER,
                    "env",
                    List.of(
                        env("EXPERTMESH_TLS_CERTIFICATE", TLS_FOLDER + "/tls.crt"),
                        env("EXPERTMESH_TLS_KEY", TLS_FOLDER + "/tls.key"),
                        env("EXPERTMESH_TLS_TRUST", TLS_FOLDER + "/ca.crt"),
                        env("EXPERTMESH_TLS_PEERS", String.join(",", peers))),
                    "volumeMounts",
                    List.of(ordered("name", "tls", "mountPath", TLS_FOLDER, "readOnly", true)))),
            "volumes",
            List.of(
                ordered(
                    "name",
                    "tls",
                    "secret",
                    ordered("secretName", "tls-" + role.label(), "defaultMode", 0440)))));
  }

  /**
   * Lets the pods of a service fetch what they read of the checkpoint, in place of a volume that
   * holds it.
   *
   * @param bytes that this takes on their disk
   */
  static Map<String, Object> pull(String url, long bytes) {
    String size = Math.ceilDiv(bytes + bytes / 10 + FETCH_SPARE, 1L << 20) + "Mi";
    Map<String, Object> volume = ordered("name", "model", "emptyDir", ordered("sizeLimit", size));
    volume.put("persistentVolumeClaim", null);
    return pods(
        ordered(
            "containers",
            List.of(
                ordered(
                    "name",
                    Names.CONTAINER,
                    "env",
                    List.of(env("EXPERTMESH_MODELURL", url)),
                    "resources",
                    ordered("requests", ordered("ephemeral-storage", size)),
                    "volumeMounts",
                    List.of(ordered("name", "model", "mountPath", "/models", "readOnly", false)))),
            "volumes",
            List.of(volume)));
  }

  /** Which workloads a patch is for. */
  static Map<String, Object> target(Role role) {
    return ordered("kind", WORKLOADS, "labelSelector", Names.COMPONENT + "=" + role.label());
  }

  /** The workload of a shard. */
  static Map<String, Object> target(Shard shard) {
    return ordered("kind", WORKLOADS, "labelSelector", Names.SHARD + "=" + shard.name());
  }

  private static Map<String, Object> pods(Map<String, Object> spec) {
    return ordered(
        "apiVersion",
        "apps/v1",
        "kind",
        "Deployment",
        "metadata",
        ordered("name", "any"),
        "spec",
        ordered("template", ordered("spec", spec)));
  }

  private static Map<String, Object> env(String name, String value) {
    return ordered("name", name, "value", value);
  }
}
