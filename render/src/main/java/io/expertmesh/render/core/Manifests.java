package io.expertmesh.render.core;

import static io.expertmesh.render.core.Custom.ordered;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All files of a rendering. {@code base} is what serves; every component adds one thing to it and
 * needs one extension of the cluster; overlays put them together.
 */
public final class Manifests {
  private static final String KUSTOMIZATION = "kustomization.yaml";
  private static final Map<String, String> LABELS = Map.of("app.kubernetes.io/name", Names.APP);

  private final Workload workload;
  private final RenderOptions options;
  private final Optional<WeightsUrl> weightsUrl;
  private final Map<String, List<?>> files = new LinkedHashMap<>();

  private Manifests(Workload workload, RenderOptions options, Optional<WeightsUrl> weightsUrl) {
    this.workload = workload;
    this.options = options;
    this.weightsUrl = weightsUrl;
  }

  /**
   * Renders.
   *
   * @param weightsUrl folder that pods fetch the checkpoint from, for the component that does
   * @return by path, with {@code /} between folders: the documents of each file, typed resources or
   *     maps
   */
  public static Map<String, List<?>> render(
      Workload workload, RenderOptions options, Optional<WeightsUrl> weightsUrl) {
    Manifests manifests = new Manifests(workload, options, weightsUrl);
    manifests.base();
    manifests.components();
    manifests.overlays();
    manifests.chaos();
    return manifests.files;
  }

  private void base() {
    Services services = new Services(workload, options);
    List<String> resources = new ArrayList<>();
    put(resources, "base", "namespace", List.of(namespace(), account()));
    put(resources, "base", "gateway", services.gateway());
    put(resources, "base", "attention", services.attention());
    if (!workload.shards().isEmpty()) {
      put(resources, "base", "router", services.router());
    }
    for (Shard shard : workload.shards()) {
      put(resources, "base", Names.of(shard), services.expert(shard));
    }
    put(resources, "base", "network", NetworkRules.all());
    files.put("base/" + KUSTOMIZATION, List.of(kustomization("resources", resources)));
  }

  private HasMetadata namespace() {
    return new NamespaceBuilder()
        .withNewMetadata()
        .withName(options.namespace())
        .addToLabels("app.kubernetes.io/name", Names.APP)
        .addToLabels("pod-security.kubernetes.io/enforce", "restricted")
        .addToLabels("pod-security.kubernetes.io/audit", "restricted")
        .addToLabels("pod-security.kubernetes.io/warn", "restricted")
        .endMetadata()
        .build();
  }

  private static HasMetadata account() {
    return new ServiceAccountBuilder()
        .withMetadata(Services.meta(Names.APP, LABELS))
        .withAutomountServiceAccountToken(false)
        .build();
  }

  private void components() {
    Services services = new Services(workload, options);
    List<String> scaling = new ArrayList<>();
    put(scaling, "components/autoscaling", "autoscaler", services.autoscaler());
    put(scaling, "components/autoscaling", "scaled-objects", Scaling.of(workload, options));
    Object unset =
        ordered(
            "patch",
            "- op: remove\n  path: /spec/replicas\n",
            "target",
            ordered(
                "kind",
                "Deployment",
                "labelSelector",
                Names.COMPONENT + "=" + Role.EXPERT.label()));
    // what is applied again must not undo what was scaled
    files.put(
        "components/autoscaling/" + KUSTOMIZATION,
        List.of(component("resources", scaling, "patches", List.of(unset))));

    List<String> monitors = new ArrayList<>();
    put(monitors, "components/monitoring", "service-monitors", Monitors.all());
    files.put("components/monitoring/" + KUSTOMIZATION, List.of(component("resources", monitors)));

    tls();
    weightsUrl.ifPresent(this::pull);
  }

  private void tls() {
    String folder = "components/tls";
    List<String> resources = new ArrayList<>();
    put(resources, folder, "certificates", Certificates.of(options));
    put(resources, folder, "keda", List.of(Scaling.authentication()));
    List<Object> patches = new ArrayList<>();
    for (Role role : Role.values()) {
      String file = "patch-" + role.label() + ".yaml";
      files.put(folder + "/" + file, List.of(Patches.tls(role, options)));
      patches.add(ordered("path", file, "target", Patches.target(role)));
    }
    patches.add(
        ordered(
            "patch",
            """
            - op: add
              path: /spec/triggers/0/authenticationRef
              value: {name: autoscaler}
            - op: add
              path: /spec/triggers/0/metadata/enableTLS
              value: "true"
            """,
            "target",
            ordered("kind", "ScaledObject")));
    files.put(
        folder + "/" + KUSTOMIZATION,
        List.of(component("resources", resources, "patches", patches)));
  }

  private void pull(WeightsUrl url) {
    String folder = "components/pull-weights";
    List<String> resources = new ArrayList<>();
    put(resources, folder, "network", List.of(NetworkRules.weights(url.port())));
    List<Object> patches = new ArrayList<>();
    FetchSizes sizes = workload.fetched();
    pull(folder, patches, url, Role.GATEWAY.label(), Patches.target(Role.GATEWAY), 0);
    pull(
        folder,
        patches,
        url,
        Role.ATTENTION.label(),
        Patches.target(Role.ATTENTION),
        sizes.attention());
    if (!workload.shards().isEmpty()) {
      pull(folder, patches, url, Role.ROUTER.label(), Patches.target(Role.ROUTER), sizes.router());
    }
    for (Shard shard : workload.shards()) {
      pull(folder, patches, url, Names.of(shard), Patches.target(shard), sizes.of(shard));
    }
    files.put(
        folder + "/" + KUSTOMIZATION,
        List.of(component("resources", resources, "patches", patches)));
  }

  private void pull(
      String folder,
      List<Object> patches,
      WeightsUrl url,
      String name,
      Map<String, Object> target,
      long bytes) {
    String file = "patch-" + name + ".yaml";
    files.put(folder + "/" + file, List.of(Patches.pull(url.text(), bytes)));
    patches.add(ordered("path", file, "target", target));
  }

  private void overlays() {
    overlay("plain", List.of());
    overlay("cluster", List.of("autoscaling", "monitoring", "tls"));
    if (weightsUrl.isPresent()) {
      overlay("cluster-pull", List.of("autoscaling", "monitoring", "tls", "pull-weights"));
    }
  }

  private void overlay(String name, List<String> components) {
    Map<String, Object> kustomization =
        kustomization("namespace", options.namespace(), "resources", List.of("../../base"));
    if (!components.isEmpty()) {
      kustomization.put(
          "components", components.stream().map(c -> "../../components/" + c).toList());
    }
    files.put("overlays/" + name + "/" + KUSTOMIZATION, List.of(kustomization));
  }

  private void chaos() {
    if (!workload.shards().isEmpty()) {
      Chaos.of(workload.shards().getFirst(), options)
          .forEach((name, experiment) -> files.put("chaos/" + name + ".yaml", List.of(experiment)));
    }
  }

  private void put(
      List<String> resources, String folder, String name, List<HasMetadata> documents) {
    files.put(folder + "/" + name + ".yaml", documents);
    resources.add(name + ".yaml");
  }

  private static Map<String, Object> kustomization(Object... pairs) {
    Map<String, Object> all =
        ordered("apiVersion", "kustomize.config.k8s.io/v1beta1", "kind", "Kustomization");
    all.putAll(ordered(pairs));
    return all;
  }

  private static Map<String, Object> component(Object... pairs) {
    Map<String, Object> all =
        ordered("apiVersion", "kustomize.config.k8s.io/v1alpha1", "kind", "Component");
    all.putAll(ordered(pairs));
    return all;
  }
}
