package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.render.app.Renderer;
import io.expertmesh.render.core.RenderException;
import io.expertmesh.render.core.RenderOptions;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Writes the manifests that run a model on Kubernetes. */
@Command(
    name = "render",
    description =
        "Writes Kubernetes manifests: a Kustomize base, components and overlays for one model.",
    mixinStandardHelpOptions = true)
final class RenderCommand implements Callable<Integer> {
  @ParentCommand @Nullable MeshCommand mesh;

  @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder to write to")
  private @Nullable Path out;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Checkpoint directory (without: the bundled model)")
  private @Nullable Path model;

  @Option(
      names = "--placement",
      paramLabel = "FILE",
      description = "Shards by name, experts, least and most replicas, and kind of node")
  private @Nullable Path placement;

  @Option(
      names = "--experts",
      paramLabel = "N",
      defaultValue = "4",
      description = "Even shards, where there is no placement")
  private int experts;

  @Option(names = "--namespace", paramLabel = "NAME", defaultValue = "expertmesh")
  private String namespace = "expertmesh";

  @Option(
      names = "--registry",
      paramLabel = "HOST/PATH",
      defaultValue = "",
      description = "What image names begin with")
  private String registry = "";

  @Option(
      names = "--tag",
      paramLabel = "TAG",
      defaultValue = "latest",
      description = "Tag of the images")
  private String tag = "latest";

  @Option(names = "--gateways", paramLabel = "N", defaultValue = "2")
  private int gateways;

  @Option(names = "--attention", paramLabel = "N", defaultValue = "2")
  private int attentions;

  @Option(names = "--routers", paramLabel = "N", defaultValue = "2")
  private int routers;

  @Option(
      names = "--cpus",
      paramLabel = "N",
      defaultValue = "2",
      description = "Processors that a computing pod asks for, and its compute threads")
  private int cpus;

  @Option(
      names = "--kv-mib",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Memory of an attention-service for keys and values, in MiB")
  private int kvMib;

  @Option(
      names = "--drain-seconds",
      paramLabel = "N",
      defaultValue = "60",
      description = "Time to finish what was accepted when a pod ends")
  private int drainSeconds;

  @Option(
      names = "--claim",
      paramLabel = "NAME",
      defaultValue = "models",
      description = "PersistentVolumeClaim that holds the checkpoint")
  private String claim = "models";

  @Option(
      names = "--weights-url",
      paramLabel = "URL",
      description = "Folder that pods may fetch the checkpoint from instead")
  private @Nullable String weightsUrl;

  @Option(
      names = "--kafka",
      paramLabel = "HOST:PORT,...",
      defaultValue = "kafka.kafka.svc:9092",
      description = "Brokers for load events")
  private String kafka = "";

  @Override
  public Integer call() {
    MeshCommand parent = Objects.requireNonNull(mesh, "mesh");
    Path directory = model == null ? parent.home().resolve("models").resolve("tiny-moe") : model;
    Path target = Objects.requireNonNull(out, "out");
    try {
      int files =
          Renderer.render(
              directory,
              Optional.ofNullable(placement),
              experts,
              new RenderOptions(
                  namespace,
                  registry,
                  tag,
                  gateways,
                  attentions,
                  routers,
                  cpus,
                  (long) kvMib << 20,
                  drainSeconds,
                  claim,
                  kafka),
              Optional.ofNullable(weightsUrl),
              target);
      Terminal.system()
          .line(
              files
                  + " files in "
                  + target
                  + "; kubectl apply -k "
                  + target.resolve("overlays").resolve("cluster"));
    } catch (RenderException e) {
      throw new LauncherException(String.valueOf(e.getMessage()), e);
    }
    return 0;
  }
}
