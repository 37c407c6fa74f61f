package io.expertmesh.render.core;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraintBuilder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The pod of a service, as the Pod Security Standard "restricted" wants it. */
final class Pods {
  private static final long USER = 10_001;
  private static final int PROBE_SECONDS = 2;

  /** Weights may be read from a slow volume; meanwhile the pod is live, not ready. */
  private static final int STARTUP_FAILURES = 900;

  /** Time that Kubernetes may need to take an ended pod out of a service's endpoints. */
  private static final long UNLISTED_SECONDS = 5;

  private static final int BEYOND_DRAIN_SECONDS = 15;

  private final Workload workload;
  private final RenderOptions options;

  Pods(Workload workload, RenderOptions options) {
    this.workload = workload;
    this.options = options;
  }

  /**
   * The pod of a service.
   *
   * @param labels by which its like are found
   * @param keys configuration of the service
   * @param healthPort port of its health over HTTP
   */
  PodTemplateSpec of(
      Role role,
      Map<String, String> labels,
      Map<String, String> keys,
      ResourceRequirements resources,
      NodePool pool,
      int healthPort) {
    ContainerBuilder container =
        new ContainerBuilder()
            .withName(Names.CONTAINER)
            .withImage(options.image(role))
            .withArgs(arguments(role, keys))
            .withResources(resources)
            .withStartupProbe(probe("/health/live", healthPort, STARTUP_FAILURES))
            .withLivenessProbe(probe("/health/live", healthPort, 10))
            .withReadinessProbe(probe("/health/ready", healthPort, 1))
            .withNewSecurityContext()
            .withAllowPrivilegeEscalation(false)
            .withReadOnlyRootFilesystem(true)
            .withRunAsNonRoot(true)
            .withNewCapabilities()
            .withDrop("ALL")
            .endCapabilities()
            .endSecurityContext()
            .addNewEnv()
            .withName("POD_IP")
            .withNewValueFrom()
            .withNewFieldRef()
            .withFieldPath("status.podIP")
            .endFieldRef()
            .endValueFrom()
            .endEnv()
            .addNewVolumeMount()
            .withName("tmp")
            .withMountPath("/tmp")
            .endVolumeMount();
    ports(role, container);
    if (role == Role.GATEWAY || role == Role.AUTOSCALER) {
      // Only these are reached through a service's endpoints; the others tell their peers.
      container
          .withNewLifecycle()
          .withNewPreStop()
          .withNewSleep(UNLISTED_SECONDS)
          .endPreStop()
          .endLifecycle();
    }
    boolean model = role != Role.AUTOSCALER;
    if (model) {
      container
          .addNewVolumeMount()
          .withName("model")
          .withMountPath("/models")
          .withReadOnly(true)
          .endVolumeMount();
    }
    PodTemplateSpecBuilder pod =
        new PodTemplateSpecBuilder()
            .withNewMetadata()
            .withLabels(labels)
            .endMetadata()
            .withNewSpec()
            .withServiceAccountName(Names.APP)
            .withAutomountServiceAccountToken(false)
            .withEnableServiceLinks(false)
            .withTerminationGracePeriodSeconds(
                (long) options.drainSeconds() + UNLISTED_SECONDS + BEYOND_DRAIN_SECONDS)
            .withNewSecurityContext()
            .withRunAsNonRoot(true)
            .withRunAsUser(USER)
            .withRunAsGroup(USER)
            .withFsGroup(USER)
            .withNewSeccompProfile()
            .withType("RuntimeDefault")
            .endSeccompProfile()
            .endSecurityContext()
            .withContainers(container.build())
            .addNewVolume()
            .withName("tmp")
            .withNewEmptyDir()
            .endEmptyDir()
            .endVolume()
            .withTopologySpreadConstraints(
                new TopologySpreadConstraintBuilder()
                    .withMaxSkew(1)
                    .withTopologyKey("topology.kubernetes.io/zone")
                    .withWhenUnsatisfiable("ScheduleAnyway")
                    .withLabelSelector(new LabelSelectorBuilder().withMatchLabels(labels).build())
                    .build())
            .endSpec();
    if (model) {
      pod.editSpec()
          .addNewVolume()
          .withName("model")
          .withNewPersistentVolumeClaim(options.claim(), true)
          .endVolume()
          .endSpec();
    }
    placed(pod, labels, role == Role.EXPERT ? pool : NodePool.CPU);
    return pod.build();
  }

  /** Like pods go to different nodes where they can, and to nodes of their pool always. */
  private static void placed(
      PodTemplateSpecBuilder pod, Map<String, String> labels, NodePool pool) {
    pod.editSpec()
        .withNodeSelector(Map.of(Names.POOL, pool.label()))
        .withNewAffinity()
        .withNewPodAntiAffinity()
        .addNewPreferredDuringSchedulingIgnoredDuringExecution()
        .withWeight(100)
        .withNewPodAffinityTerm()
        .withTopologyKey("kubernetes.io/hostname")
        .withNewLabelSelector()
        .withMatchLabels(labels)
        .endLabelSelector()
        .endPodAffinityTerm()
        .endPreferredDuringSchedulingIgnoredDuringExecution()
        .endPodAntiAffinity()
        .endAffinity()
        .endSpec();
    if (pool == NodePool.GPU) {
      pod.editSpec()
          .addNewToleration("NoSchedule", "nvidia.com/gpu", "Exists", null, null)
          .endSpec();
    }
  }

  private static void ports(Role role, ContainerBuilder container) {
    container.addNewPort().withName("grpc").withContainerPort(Names.GRPC).endPort();
    if (role == Role.GATEWAY) {
      container.addNewPort().withName("http").withContainerPort(Names.HTTP).endPort();
    } else {
      container.addNewPort().withName("management").withContainerPort(Names.MANAGEMENT).endPort();
    }
  }

  private List<String> arguments(Role role, Map<String, String> own) {
    Map<String, String> keys = new TreeMap<>(own);
    keys.put("expertmesh.grpc.host", "0.0.0.0");
    keys.put("expertmesh.grpc.port", Integer.toString(Names.GRPC));
    keys.put("expertmesh.telemetry.kafka", options.kafka());
    if (role != Role.AUTOSCALER) {
      keys.put("expertmesh.model", "/models/" + workload.modelId());
      keys.put("expertmesh.model-id", workload.modelId());
    }
    if (role != Role.AUTOSCALER && role != Role.GATEWAY) {
      // those two serve health and metrics beside what else they serve over HTTP
      keys.put("expertmesh.management.host", "0.0.0.0");
      keys.put("expertmesh.management.port", Integer.toString(Names.MANAGEMENT));
    }
    return keys.entrySet().stream().map(e -> "--" + e.getKey() + "=" + e.getValue()).toList();
  }

  private static Probe probe(String path, int port, int failures) {
    return new ProbeBuilder()
        .withNewHttpGet()
        .withPath(path)
        .withPort(new IntOrString(port))
        .endHttpGet()
        .withPeriodSeconds(PROBE_SECONDS)
        .withTimeoutSeconds(PROBE_SECONDS)
        .withFailureThreshold(failures)
        .build();
  }
}
