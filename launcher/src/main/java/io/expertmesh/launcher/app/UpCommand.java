package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshPlanner;
import io.expertmesh.launcher.core.ModelFacts;
import io.expertmesh.launcher.core.ScaleOptions;
import io.expertmesh.launcher.core.TlsKeys;
import io.expertmesh.launcher.core.UpOptions;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Starts a mesh and stays with it until Ctrl-C, or leaves it in the background. */
@Command(
    name = "up",
    description = "Starts every service as a process of its own and prints the address.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false)
final class UpCommand implements Callable<Integer> {
  @ParentCommand @Nullable MeshCommand mesh;
  @Spec @Nullable CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Checkpoint directory (without: the bundled models/tiny-moe)")
  private @Nullable Path model;

  @Option(
      names = "--experts",
      paramLabel = "N",
      description =
          "Shards: the experts of every layer are split evenly over N expert-services (without: as"
              + " many as there are processors, from 2 to 4)")
  private @Nullable Integer experts;

  @Option(
      names = "--replicas",
      paramLabel = "R",
      defaultValue = "1",
      description = "Processes per shard")
  private int replicas;

  @Option(
      names = "--port",
      paramLabel = "P",
      defaultValue = "8080",
      description = "Port of the REST API")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address on which the REST API listens")
  private String host = "127.0.0.1";

  @Option(names = "--detach", description = "Return when the mesh is ready; it stays up")
  private boolean detach;

  @Option(
      names = "--provider",
      paramLabel = "NAME",
      description = "Kernels: auto, scalar, vector or onednn (without: auto)")
  private @Nullable String provider;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "Activations: auto, f32 or bf16 (without: auto, as the checkpoint)")
  private @Nullable String dtype;

  @Option(
      names = "--attention",
      paramLabel = "N",
      defaultValue = "1",
      description = "attention-services")
  private int attention;

  @Option(
      names = "--routers",
      paramLabel = "N",
      defaultValue = "1",
      description = "router-services")
  private int routers;

  @Option(
      names = "--threads",
      paramLabel = "T",
      defaultValue = "0",
      description =
          "Compute threads per process; 0 = cores divided among the processes of one kind")
  private int threads;

  @Option(
      names = "--tls",
      description = "Services talk over mutual TLS, with an authority made for this mesh")
  private boolean tls;

  @Option(
      names = "--kafka",
      paramLabel = "WHERE",
      defaultValue = ScaleOptions.EMBEDDED,
      description =
          "Where load events go: embedded (a broker that comes along), none, or host:port,... of a"
              + " cluster")
  private String kafka = ScaleOptions.EMBEDDED;

  @Option(
      names = "--autoscale",
      description = "Start and drain expert-services as the load of their shards asks for")
  private boolean autoscale;

  @Option(
      names = "--min-replicas",
      paramLabel = "N",
      defaultValue = "1",
      description = "With --autoscale: least replicas of a shard; 0 = an idle shard has none")
  private int minReplicas;

  @Option(
      names = "--max-replicas",
      paramLabel = "N",
      defaultValue = "4",
      description = "With --autoscale: most replicas of a shard")
  private int maxReplicas;

  @Option(
      names = "--spares",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "With --autoscale: expert-services that are started ahead and take a shard when one needs"
              + " a replica")
  private int spares;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any other configuration key, e.g. --set expertmesh.attention.kv-tokens=65536")
  private Map<String, String> set = new LinkedHashMap<>();

  @Override
  public Integer call() {
    MeshCommand parent = java.util.Objects.requireNonNull(mesh, "mesh");
    RunDirectory run = parent.runDirectory();
    run.create();
    int cores = Runtime.getRuntime().availableProcessors();
    ModelFacts facts = Models.inspect(directory(parent.home()));
    UpOptions options = options(facts, cores, run);
    Optional<FileLock> lock = run.tryLock();
    if (lock.isEmpty()) {
      throw new LauncherException(
          "A mesh is already up"
              + new StateFile(run.stateFile()).read().map(s -> " at " + s.url()).orElse("")
              + "; stop it with ./mesh down.");
    }
    Leftovers.remove(new StateFile(run.stateFile()));
    Ports.requireFree(options.host(), options.port());
    MeshPlanner planner = new MeshPlanner(options, facts, new Ports(new SecureRandom()), cores);
    MeshPlan plan = planner.plan();
    if (detach) {
      Background.release(lock.get());
      return new Background(run).start(argumentsWithoutDetach());
    }
    if (tls) {
      TlsKeys.read(options.settings()).ifPresent(LocalAuthority::create);
    }
    new RunCredentials(run).remember(options.settings());
    new Foreground(run, parent.tree()).serve(plan, planner);
    return 0;
  }

  private Path directory(Path home) {
    Path directory = model == null ? home.resolve("models").resolve("tiny-moe") : model;
    return directory.toAbsolutePath().normalize();
  }

  private UpOptions options(ModelFacts facts, int cores, RunDirectory run) {
    Map<String, String> settings = new LinkedHashMap<>(set);
    if (tls) {
      settings.putAll(TlsKeys.within(run.path().toAbsolutePath().resolve("tls")));
    }
    if (provider != null) {
      settings.put("expertmesh.provider", provider);
    }
    if (dtype != null) {
      settings.put("expertmesh.dtype", dtype);
    }
    return new UpOptions(
        facts.directory(),
        experts == null ? facts.shards(cores) : experts,
        replicas,
        attention,
        routers,
        host,
        port,
        threads,
        settings,
        new ScaleOptions(kafka, autoscale, minReplicas, maxReplicas, spares));
  }

  private List<String> argumentsWithoutDetach() {
    CommandLine root = java.util.Objects.requireNonNull(spec, "spec").root().commandLine();
    return root.getParseResult().originalArgs().stream()
        .filter(argument -> !argument.equals("--detach"))
        .toList();
  }
}
