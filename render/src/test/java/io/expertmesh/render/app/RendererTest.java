package io.expertmesh.render.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.expertmesh.render.core.FetchSizes;
import io.expertmesh.render.core.RenderException;
import io.expertmesh.render.core.RenderOptions;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written for a checkpoint, read back. */
class RendererTest {
  private static final Path MODEL = Path.of("..", "models", "tiny-moe");
  private static final RenderOptions OPTIONS =
      new RenderOptions(
          "moe", "registry.example", "1.0", 2, 2, 2, 4, 1L << 30, 60, "models", "kafka:9092");

  private static final KubernetesSerialization API = new KubernetesSerialization();

  @TempDir Path folder;
  private Path out;

  @BeforeEach
  void render() {
    out = folder.resolve("out");
    Renderer.render(MODEL, Optional.empty(), 4, OPTIONS, Optional.of("https://w.example"), out);
  }

  @Test
  void everyDocumentIsReadByTheClassOfItsKindWithoutAnUnknownField() throws Exception {
    List<HasMetadata> all = documents();
    assertThat(all).hasSizeGreaterThan(50);
    for (HasMetadata document : all) {
      assertThat(document.getApiVersion()).isNotBlank();
      assertThat(document.getMetadata().getName()).isNotBlank();
      if (!(document instanceof GenericKubernetesResource)) {
        Strict.requireNoUnknownFields(document, document.getKind());
      }
    }
    assertThat(all.stream().filter(GenericKubernetesResource.class::isInstance))
        .extracting(HasMetadata::getKind)
        .containsOnly("ScaledObject", "TriggerAuthentication", "PodChaos", "NetworkChaos");
  }

  @Test
  void everyPodKeepsTheRestrictedPodSecurityStandard() throws IOException {
    List<PodSpec> pods = pods();
    assertThat(pods).hasSize(8);
    for (PodSpec pod : pods) {
      assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
      assertThat(pod.getSecurityContext().getSeccompProfile().getType())
          .isEqualTo("RuntimeDefault");
      assertThat(pod.getAutomountServiceAccountToken()).isFalse();
      for (Container container : pod.getContainers()) {
        assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(container.getSecurityContext().getCapabilities().getDrop())
            .containsExactly("ALL");
        assertThat(container.getReadinessProbe()).isNotNull();
        assertThat(container.getLivenessProbe()).isNotNull();
        assertThat(container.getImage()).startsWith("registry.example/expertmesh/");
      }
      assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThan(60);
    }
  }

  @Test
  void memoryFollowsTheWeightsOfTheShard() throws IOException {
    Path placement =
        placement(
            """
            shards:
              - {name: hot, experts: "*:0", min: 2, max: 8}
              - {name: rest, experts: "*:1-7", min: 0, max: 3, pool: gpu}
            """);
    Renderer.render(MODEL, Optional.of(placement), 1, OPTIONS, Optional.empty(), out);
    var hot = Renderer.workload(MODEL, Optional.of(placement), 1).shards().getFirst();
    var rest = Renderer.workload(MODEL, Optional.of(placement), 1).shards().getLast();
    assertThat(rest.bytes()).isEqualTo(7 * hot.bytes()).isPositive();
    assertThat(memory("expert-rest")).isGreaterThan(memory("expert-hot"));
    assertThat(memory("expert-hot")).isGreaterThan(BigDecimal.valueOf(hot.bytes()));

    PodSpec gpu = deployment("expert-rest").getSpec().getTemplate().getSpec();
    assertThat(gpu.getNodeSelector()).containsEntry("expertmesh.io/pool", "gpu");
    assertThat(gpu.getContainers().getFirst().getResources().getLimits())
        .containsEntry("nvidia.com/gpu", new Quantity("1"));
    assertThat(deployment("expert-hot").getSpec().getReplicas()).isEqualTo(2);
    assertThat(Files.readString(out.resolve("components/autoscaling/autoscaler.yaml")))
        .contains("--expertmesh.autoscaler.shards=hot=2..8,rest=0..3");
  }

  @Test
  void attentionServicesWaitForAllExpertsUnlessAShardMaySleep() throws IOException {
    String attention = "base/attention.yaml";
    assertThat(Files.readString(out.resolve(attention)))
        .contains("--expertmesh.attention.experts-may-sleep=false");
    Path placement =
        placement("shards:\n  - {name: a, split: 0/2}\n  - {name: b, split: 1/2, min: 0}\n");
    Renderer.render(MODEL, Optional.of(placement), 1, OPTIONS, Optional.empty(), out);
    assertThat(Files.readString(out.resolve(attention)))
        .contains("--expertmesh.attention.experts-may-sleep=true");
  }

  @Test
  void everyAddressThatIsDialledIsThatOfAPod() throws IOException {
    Map<String, Integer> named =
        documents().stream()
            .filter(StatefulSet.class::isInstance)
            .map(StatefulSet.class::cast)
            .collect(
                Collectors.toMap(
                    s -> s.getSpec().getServiceName(), s -> s.getSpec().getReplicas()));
    List<String> headless =
        documents().stream()
            .filter(d -> d instanceof Service s && "None".equals(s.getSpec().getClusterIP()))
            .map(d -> d.getMetadata().getName())
            .toList();
    List<String> dialled =
        pods().stream()
            .flatMap(pod -> pod.getContainers().getFirst().getArgs().stream())
            .filter(a -> a.contains(".routers=") || a.contains("gateway.attention="))
            .flatMap(a -> Stream.of(a.substring(a.indexOf('=') + 1).split(",")))
            .distinct()
            .toList();
    assertThat(dialled)
        .containsExactlyInAnyOrder(
            "attention-0.attention:9090",
            "attention-1.attention:9090",
            "router-0.router:9090",
            "router-1.router:9090");
    assertThat(named).containsEntry("attention", 2).containsEntry("router", 2);
    assertThat(headless).contains("attention", "router");
  }

  @Test
  void everyShardIsScaledWithinItsBoundsAndKeepsWhatItHasWhileNobodyKnows() throws IOException {
    List<GenericKubernetesResource> scaled =
        documents().stream()
            .filter(d -> d.getKind().equals("ScaledObject"))
            .map(GenericKubernetesResource.class::cast)
            .toList();
    assertThat(scaled).hasSize(4);
    for (GenericKubernetesResource object : scaled) {
      String target = object.get("spec", "scaleTargetRef", "name");
      assertThat(deployment(target)).isNotNull();
      assertThat((String) object.get("spec", "fallback", "behavior"))
          .isEqualTo("currentReplicasIfHigher");
      List<Map<String, Object>> triggers = object.get("spec", "triggers");
      assertThat(triggers.getFirst()).containsEntry("type", "external-push");
      assertThat((Map<?, ?>) triggers.getFirst().get("metadata"))
          .asString()
          .contains("scalerAddress=autoscaler.moe.svc:9090", "shard=" + target.substring(7));
    }
  }

  @Test
  void everyFileOfAKustomizationIsThere() throws IOException {
    try (Stream<Path> files = Files.walk(out)) {
      for (Path file : files.filter(f -> f.endsWith("kustomization.yaml")).toList()) {
        Map<?, ?> kustomization = Serialization.unmarshal(Files.readString(file), Map.class);
        List<Object> named = new ArrayList<>();
        for (String key : List.of("resources", "components")) {
          if (kustomization.get(key) instanceof List<?> list) {
            named.addAll(list);
          }
        }
        assertThat(named.isEmpty() && !kustomization.containsKey("patches")).isFalse();
        for (Object name : named) {
          assertThat(file.resolveSibling(String.valueOf(name))).exists();
        }
      }
    }
  }

  @Test
  void kubectlComposesEveryOverlay() throws Exception {
    assumeTrue(onPath("kubectl"), "kubectl is not on the path");
    String plain = kustomize("plain");
    assertThat(plain).doesNotContain("ScaledObject", "EXPERTMESH_TLS").contains("replicas: 1");
    String cluster = kustomize("cluster");
    assertThat(cluster).contains("EXPERTMESH_TLS_PEERS", "enableTLS: \"true\"");
    assertThat(cluster.split("secretName: tls-expert", -1)).hasSize(4 + 1 + 1);
    String pulled = kustomize("cluster-pull");
    assertThat(pulled).doesNotContain("persistentVolumeClaim", "initContainers");
    List<Object> workloads = new ArrayList<>();
    for (String document : pulled.split("(?m)^---\\n")) {
      workloads.add(API.unmarshal(document));
    }
    List<PodSpec> fetching = podsOf(workloads).filter(RendererTest::holdsWeights).toList();
    assertThat(fetching).hasSize(7);
    for (PodSpec pod : fetching) {
      Container container = pod.getContainers().getFirst();
      assertThat(container.getEnv())
          .anySatisfy(
              env -> {
                assertThat(env.getName()).isEqualTo("EXPERTMESH_MODELURL");
                assertThat(env.getValue()).isEqualTo("https://w.example");
              });
      assertThat(container.getVolumeMounts())
          .filteredOn(mount -> mount.getMountPath().equals("/models"))
          .singleElement()
          .satisfies(mount -> assertThat(mount.getReadOnly()).isFalse());
      Quantity size = model(pod).getEmptyDir().getSizeLimit();
      assertThat(container.getResources().getRequests()).containsEntry("ephemeral-storage", size);
      assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
    }
  }

  @Test
  void podsThatFetchHaveRoomForWhatTheirServiceReads() throws IOException {
    Path placement =
        placement(
            """
            shards:
              - {name: one, experts: "*:0"}
              - {name: rest, experts: "*:1-7"}
            """);
    Renderer.render(MODEL, Optional.of(placement), 1, OPTIONS, Optional.of("http://w:8000/m"), out);
    FetchSizes sizes = Renderer.workload(MODEL, Optional.of(placement), 1).fetched();
    long total = Files.size(MODEL.resolve("model.safetensors"));
    long one = Objects.requireNonNull(sizes.shards().get("one"));
    long rest = Objects.requireNonNull(sizes.shards().get("rest"));
    assertThat(sizes.router()).isLessThan(one);
    assertThat(one).isLessThan(rest);
    assertThat(rest).isLessThan(total);
    assertThat(sizes.attention()).isLessThan(total);
    // samples and headers are in each of them
    assertThat(sizes.attention() + one + rest).isBetween(total, total + 3 * sizes.router());
    assertThat(Files.readString(out.resolve("components/pull-weights/patch-expert-rest.yaml")))
        .contains("sizeLimit: \"" + ((rest * 11 / 10 + (128L << 20)) / (1L << 20) + 1) + "Mi\"");
    assertThat(Files.readString(out.resolve("components/pull-weights/network.yaml")))
        .contains("port: 8000");
  }

  @Test
  void anAddressOfWeightsThatIsNoFolderIsRefused() {
    for (String url :
        List.of("ftp://w/m", "w/m", "https://u:p@w/m", "https://w/m?k=1", "http://")) {
      assertThatThrownBy(
              () ->
                  Renderer.render(
                      MODEL, Optional.empty(), 4, OPTIONS, Optional.of(url), folder.resolve("no")))
          .isInstanceOf(RenderException.class)
          .hasMessageContaining("--weights-url: '" + url + "'");
    }
    assertThat(folder.resolve("no")).doesNotExist();
  }

  private static boolean holdsWeights(PodSpec pod) {
    return pod.getVolumes().stream().anyMatch(volume -> volume.getName().equals("model"));
  }

  private static Volume model(PodSpec pod) {
    return pod.getVolumes().stream()
        .filter(volume -> volume.getName().equals("model"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aPlacementThatForgetsAnExpertIsRefused() {
    assertRefused(
        "shards:\n  - {name: a, experts: \"*:0-6\"}\n",
        "Expert 7 of layer 0 is in no shard of the placement.");
  }

  @Test
  void aPlacementWithAnotherMistakeIsRefusedWithASentence() {
    assertRefused("shard: 3\n", "has no list 'shards'");
    assertRefused("shards:\n  - {name: a}\n", "shard a must have either 'split' or 'experts'");
    assertRefused("shards:\n  - {name: a, split: 0/1, copies: 2}\n", "has the key 'copies'");
    assertRefused("shards:\n  - {name: A, split: 0/1}\n", "The shard name 'A' must be");
    assertRefused(
        "shards:\n  - {name: a, split: 0/1, pool: tpu}\n", "is 'tpu', must be cpu or gpu");
    assertRefused("shards:\n  - {name: a, split: 0/1, min: 5}\n", "has min 5 and max 4");
    assertRefused("shards:\n  - {name: a, split: 0/99}\n", "has only 8 experts");
  }

  private void assertRefused(String placement, String sentence) {
    assertThatThrownBy(
            () ->
                Renderer.render(
                    MODEL,
                    Optional.of(placement(placement)),
                    1,
                    OPTIONS,
                    Optional.empty(),
                    folder.resolve("refused")))
        .isInstanceOf(RenderException.class)
        .hasMessageContaining(sentence);
    assertThat(folder.resolve("refused")).doesNotExist();
  }

  private Path placement(String text) {
    try {
      return Files.writeString(folder.resolve("placement.yaml"), text);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<HasMetadata> documents() throws IOException {
    List<HasMetadata> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(out)) {
      for (Path file : files.filter(RendererTest::isManifest).toList()) {
        for (String document : Files.readString(file).split("(?m)^---\\n")) {
          if (!document.isBlank()) {
            all.add(API.unmarshal(document));
          }
        }
      }
    }
    return all;
  }

  private static boolean isManifest(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".yaml")
        && !name.equals("kustomization.yaml")
        && !name.startsWith("patch");
  }

  private List<PodSpec> pods() throws IOException {
    return podsOf(documents()).toList();
  }

  private static Stream<PodSpec> podsOf(List<?> documents) {
    return documents.stream()
        .flatMap(
            document ->
                switch (document) {
                  case Deployment d -> Stream.of(d.getSpec().getTemplate().getSpec());
                  case StatefulSet s -> Stream.of(s.getSpec().getTemplate().getSpec());
                  default -> Stream.<PodSpec>empty();
                });
  }

  private Deployment deployment(String name) throws IOException {
    return documents().stream()
        .filter(d -> d instanceof Deployment && d.getMetadata().getName().equals(name))
        .map(Deployment.class::cast)
        .findFirst()
        .orElseThrow();
  }

  private BigDecimal memory(String deployment) throws IOException {
    Container container =
        deployment(deployment).getSpec().getTemplate().getSpec().getContainers().getFirst();
    return Objects.requireNonNull(container.getResources().getRequests().get("memory"))
        .getNumericalAmount();
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private String kustomize(String overlay) throws Exception {
    Path result = folder.resolve(overlay + ".yaml");
    Path errors = folder.resolve(overlay + ".err");
    Process process =
        new ProcessBuilder(
                "kubectl", "kustomize", out.resolve("overlays").resolve(overlay).toString())
            .redirectOutput(result.toFile())
            .redirectError(errors.toFile())
            .start();
    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
    return Files.readString(result);
  }
}
