package io.expertmesh.render.core;

import static io.expertmesh.render.core.Custom.ordered;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Patches by which components change the workloads of the base. */
final class Patches {
  private static final String WORKLOADS = "Deployment|StatefulSet";
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

  /** Fetches the checkpoint into the pod, in place of a volume that holds it. */
  static Map<String, Object> pull(Workload workload, String url) {
    String folder = "/models/" + workload.modelId();
    String files =
        workload.files().stream().map(f -> "'" + f + "'").collect(Collectors.joining(" "));
    String script =
        "set -eu; mkdir -p "
            + folder
            + "; for file in "
            + files
            + "; do curl -fsSL --retry 5 --retry-all-errors -o \""
            + folder
            + "/$file\" \"$WEIGHTS_URL/$file\"; done";
    long limit = workload.totalBytes() + workload.totalBytes() / 10 + (64L << 20);
    return pods(
        ordered(
            "initContainers",
            List.of(
                ordered(
                    "name",
                    "pull-weights",
                    "image",
                    "curlimages/curl:8.11.1",
                    "command",
                    List.of("/bin/sh", "-c", script),
                    "env",
                    List.of(env("WEIGHTS_URL", url)),
                    "resources",
                    ordered(
                        "requests",
                        ordered("cpu", "100m", "memory", "64Mi"),
                        "limits",
                        ordered("memory", "256Mi")),
                    "securityContext",
                    ordered(
                        "allowPrivilegeEscalation",
                        false,
                        "readOnlyRootFilesystem",
                        true,
                        "runAsNonRoot",
                        true,
                        "capabilities",
                        ordered("drop", List.of("ALL"))),
                    "volumeMounts",
                    List.of(ordered("name", "model", "mountPath", "/models")))),
            "volumes",
            List.of(modelVolume((limit >> 20) + "Mi"))));
  }

  private static Map<String, Object> modelVolume(String size) {
    Map<String, Object> volume = ordered("name", "model", "emptyDir", ordered("sizeLimit", size));
    volume.put("persistentVolumeClaim", null);
    return volume;
  }

  /** Which workloads a patch is for. */
  static Map<String, Object> target(Role role) {
    return ordered("kind", WORKLOADS, "labelSelector", Names.COMPONENT + "=" + role.label());
  }

  /** All workloads that hold weights. */
  static Map<String, Object> weightHolders() {
    return ordered(
        "kind", WORKLOADS, "labelSelector", Names.COMPONENT + "!=" + Role.AUTOSCALER.label());
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
