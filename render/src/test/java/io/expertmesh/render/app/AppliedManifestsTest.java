package io.expertmesh.render.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The overlay for clusters, applied to a server that speaks the API and keeps what it is given. */
class AppliedManifestsTest {
  private static final String NAMESPACE = "moe";
  private static final String APP = "app.kubernetes.io/name";
  private static final String SHARD = "expertmesh.io/shard";
  private static final String THREE =
      """
      shards:
        - {name: hot, experts: "*:0", min: 2, max: 8}
        - {name: warm, experts: "*:1-3"}
        - {name: rest, experts: "*:4-7", min: 0}
      """;

  private static final KubernetesSerialization API = new KubernetesSerialization();

  @TempDir Path folder;
  private KubernetesMockServer server;
  private KubernetesClient client;
  private Applied applied;

  @BeforeEach
  void start() {
    assumeTrue(
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
            .anyMatch(bin -> Files.isExecutable(Path.of(bin, "kubectl"))),
        "kubectl, which composes overlays, is not on the path");
    server =
        new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<>(),
            new KubernetesCrudDispatcher(List.of()),
            false);
    custom("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects");
    custom("keda.sh", "v1alpha1", "TriggerAuthentication", "triggerauthentications");
    custom("cert-manager.io", "v1", "Certificate", "certificates");
    custom("cert-manager.io", "v1", "Issuer", "issuers");
    custom("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors");
    server.init();
    client = server.createClient();
    applied = new Applied(client);
  }

  private void custom(String group, String version, String kind, String plural) {
    server.expectCustomResource(
        new CustomResourceDefinitionContext.Builder()
            .withGroup(group)
            .withVersion(version)
            .withKind(kind)
            .withPlural(plural)
            .withScope("Namespaced")
            .build());
  }

  @AfterEach
  void stop() {
    if (client != null) {
      client.close();
      server.destroy();
    }
  }

  @Test
  void everyObjectIsTakenAndReadBackAsItIsAndApplyingItAgainChangesNothing() throws Exception {
    List<HasMetadata> objects = overlay().objects(THREE);
    assertThat(objects).hasSizeGreaterThan(40);
    for (HasMetadata object : objects) {
      assertThat(applied.apply(object)).as(name(object)).isEqualTo("created");
    }
    for (HasMetadata object : objects) {
      HasMetadata back = client.resource(object).get();
      assertThat(overlay().unstamped(back)).as(name(object)).isEqualTo(overlay().unstamped(object));
      assertThat(applied.apply(object)).as(name(object)).isEqualTo("unchanged");
    }
  }

  @Test
  void everySelectorFindsThePodsThatItIsForAndNoOthers() throws Exception {
    List<HasMetadata> objects = overlay().objects(THREE);
    applyAll(objects);
    Map<String, PodTemplateSpec> templates = ComposedOverlay.templates(objects);
    assertThat(templates.keySet())
        .containsExactly(
            "attention",
            "autoscaler",
            "expert-hot",
            "expert-rest",
            "expert-warm",
            "gateway",
            "router");
    templates.forEach((name, template) -> start(name, template));
    List<String> everyone = List.copyOf(templates.keySet());

    for (HasMetadata object : objects) {
      String name = object.getMetadata().getName();
      switch (object) {
        case Deployment d ->
            assertThat(found(d.getSpec().getSelector())).as(name(d)).containsExactly(name);
        case StatefulSet s ->
            assertThat(found(s.getSpec().getSelector())).as(name(s)).containsExactly(name);
        case Service s ->
            assertThat(found(labels(s.getSpec().getSelector()))).as(name(s)).containsExactly(name);
        case PodDisruptionBudget b ->
            assertThat(found(b.getSpec().getSelector())).as(name(b)).containsExactly(name);
        case NetworkPolicy p ->
            assertThat(found(p.getSpec().getPodSelector()))
                .as(name(p))
                .containsExactlyElementsOf(guarded(name, everyone));
        case ServiceMonitor m -> {
          String port = m.getSpec().getEndpoints().getFirst().getPort();
          assertThat(services(m.getSpec().getSelector()))
              .as(name(m))
              .isNotEmpty()
              .allSatisfy(
                  service ->
                      assertThat(service.getSpec().getPorts())
                          .anyMatch(p -> p.getName().equals(port)));
        }
        default -> {}
      }
    }
    templates.forEach(
        (name, template) -> {
          LabelSelector apart =
              template
                  .getSpec()
                  .getAffinity()
                  .getPodAntiAffinity()
                  .getPreferredDuringSchedulingIgnoredDuringExecution()
                  .getFirst()
                  .getPodAffinityTerm()
                  .getLabelSelector();
          assertThat(found(apart)).as("replicas apart from " + name).containsExactly(name);
        });
  }

  @Test
  void aConnectionThatATokenTakesIsOpenOnBothSides() throws Exception {
    List<HasMetadata> objects = overlay().objects(THREE);
    applyAll(objects);
    ComposedOverlay.templates(objects).forEach((name, template) -> start(name, template));
    List<String> experts = List.of("expert-hot", "expert-rest", "expert-warm");
    assertThat(reaches("gateway")).containsExactly("attention");
    assertThat(reaches("attention")).containsExactly("router");
    assertThat(reaches("router")).containsExactlyElementsOf(experts);
    assertThat(reaches("expert")).containsExactly("router");
    assertThat(admits("attention")).containsExactly("gateway");
    assertThat(admits("router")).containsExactlyElementsOf(sorted("attention", experts));
    assertThat(admits("expert")).containsExactly("router");
  }

  @Test
  void whatWasScaledStaysWhenTheManifestsAreAppliedAgain() throws Exception {
    List<HasMetadata> objects = overlay().objects(THREE);
    applyAll(objects);
    scale("expert-hot", 5);
    scale("expert-rest", 0);
    for (HasMetadata object : objects) {
      assertThat(applied.apply(object)).as(name(object)).isEqualTo("unchanged");
    }
    // and when something else of them changes
    for (HasMetadata object : overlay().objects(THREE, "1.1")) {
      String said = applied.apply(object);
      assertThat(said).as(name(object)).isEqualTo(runs(object) ? "configured" : "unchanged");
    }
    assertThat(replicas("expert-hot")).isEqualTo(5);
    assertThat(replicas("expert-rest")).isZero();
    assertThat(
            deployment("expert-hot")
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getImage())
        .isEqualTo("expertmesh/expert-service:1.1");
  }

  @Test
  void aNewPlacementTouchesTheShardsThatItChangesAndTheAutoscaler() throws Exception {
    applyAll(overlay().objects(THREE));
    scale("expert-hot", 5);
    String placement =
        """
        shards:
          - {name: hot, experts: "*:0", min: 2, max: 8}
          - {name: warm, experts: "*:1-2"}
          - {name: third, experts: "*:3"}
          - {name: rest, experts: "*:4-7", min: 0}
        """;
    Map<String, List<String>> said = new TreeMap<>();
    for (HasMetadata object : overlay().objects(placement)) {
      said.computeIfAbsent(applied.apply(object), key -> new ArrayList<>()).add(name(object));
    }
    assertThat(said.get("created"))
        .containsExactlyInAnyOrder(
            "Deployment expert-third",
            "Service expert-third",
            "PodDisruptionBudget expert-third",
            "ScaledObject expert-third");
    assertThat(said.get("configured"))
        .containsExactlyInAnyOrder("Deployment expert-warm", "Deployment autoscaler");
    assertThat(replicas("expert-hot")).isEqualTo(5);
  }

  @Test
  void aShardIsRemovedByItsLabelAndTheMeshByItsName() throws Exception {
    List<HasMetadata> objects = overlay().objects(THREE);
    applyAll(objects);
    List<String> left = new ArrayList<>(objects.stream().map(AppliedManifestsTest::name).toList());

    delete(objects, SHARD, "warm");
    left.removeAll(
        List.of(
            "Deployment expert-warm",
            "Service expert-warm",
            "PodDisruptionBudget expert-warm",
            "ScaledObject expert-warm"));
    assertThat(present(objects)).containsExactlyElementsOf(left);

    delete(objects, APP, "expertmesh");
    assertThat(present(objects)).isEmpty();
  }

  /** What {@code kubectl delete -l} does, kind by kind. */
  private void delete(List<HasMetadata> objects, String label, String value) {
    for (HasMetadata object : objects) {
      HasMetadata live = client.resource(object).get();
      if (live != null && value.equals(live.getMetadata().getLabels().get(label))) {
        client.resource(live).delete();
      }
    }
  }

  private List<String> present(List<HasMetadata> objects) {
    return objects.stream()
        .filter(object -> client.resource(object).get() != null)
        .map(AppliedManifestsTest::name)
        .toList();
  }

  private void applyAll(List<HasMetadata> objects) throws Exception {
    for (HasMetadata object : objects) {
      applied.apply(object);
    }
  }

  private void scale(String deployment, int replicas) {
    client
        .resource(deployment(deployment))
        .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"replicas\":" + replicas + "}}");
    assertThat(replicas(deployment)).isEqualTo(replicas);
  }

  private int replicas(String deployment) {
    return deployment(deployment).getSpec().getReplicas();
  }

  private Deployment deployment(String name) {
    return client.apps().deployments().inNamespace(NAMESPACE).withName(name).get();
  }

  /** One pod of a workload. */
  private void start(String name, PodTemplateSpec template) {
    client
        .pods()
        .inNamespace(NAMESPACE)
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(template.getMetadata().getLabels())
                .endMetadata()
                .withSpec(template.getSpec())
                .build())
        .create();
  }

  /** The server knows the operators = and != only. */
  private List<String> found(LabelSelector selector) {
    var pods = client.pods().inNamespace(NAMESPACE).withLabels(orEmpty(selector.getMatchLabels()));
    for (LabelSelectorRequirement but : selector.getMatchExpressions()) {
      assertThat(but.getOperator()).isEqualTo("NotIn");
      for (String value : but.getValues()) {
        pods = pods.withoutLabel(but.getKey(), value);
      }
    }
    return pods.list().getItems().stream()
        .map(pod -> pod.getMetadata().getName())
        .sorted()
        .toList();
  }

  private static Map<String, String> orEmpty(@Nullable Map<String, String> labels) {
    return labels == null ? Map.of() : labels;
  }

  private List<Service> services(LabelSelector selector) {
    return client.services().inNamespace(NAMESPACE).withLabelSelector(selector).list().getItems();
  }

  /** Pods that a policy of the mesh is meant for. */
  private static List<String> guarded(String policy, List<String> everyone) {
    return switch (policy) {
      case "default-deny", "names-and-events" -> everyone;
      case "fetch-weights" -> everyone.stream().filter(name -> !name.equals("autoscaler")).toList();
      case "expert" -> everyone.stream().filter(name -> name.startsWith("expert-")).toList();
      default -> List.of(policy);
    };
  }

  private List<String> reaches(String role) {
    return policy(role).getSpec().getEgress().stream()
        .flatMap(rule -> rule.getTo().stream())
        .flatMap(peer -> found(peer.getPodSelector()).stream())
        .sorted()
        .toList();
  }

  private List<String> admits(String role) {
    return policy(role).getSpec().getIngress().stream()
        .flatMap(rule -> rule.getFrom().stream())
        .map(NetworkPolicyPeer::getPodSelector)
        .filter(selector -> selector != null)
        .flatMap(selector -> found(selector).stream())
        .sorted()
        .toList();
  }

  private NetworkPolicy policy(String name) {
    return client.network().v1().networkPolicies().inNamespace(NAMESPACE).withName(name).get();
  }

  private static LabelSelector labels(Map<String, String> labels) {
    return new LabelSelectorBuilder().withMatchLabels(labels).build();
  }

  private static List<String> sorted(String first, List<String> others) {
    return Stream.concat(Stream.of(first), others.stream()).sorted().toList();
  }

  private static boolean runs(HasMetadata object) {
    return object instanceof Deployment || object instanceof StatefulSet;
  }

  private static String name(HasMetadata object) {
    return object.getKind() + " " + object.getMetadata().getName();
  }

  private ComposedOverlay overlay() {
    return new ComposedOverlay(folder, NAMESPACE, API);
  }
}
