package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshPlanner;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.UpOptions;
import io.expertmesh.launcher.transport.Introspection;
import io.expertmesh.launcher.transport.RestClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/**
 * Part of the build: runs the bundled model once with one process of each kind, each of which
 * leaves a cache of its loaded classes and their profiles (JEP 514, 515) when it ends. With the
 * caches a mesh starts in a fraction of the processor time. Without them it only starts slower.
 */
@Command(name = "prepare", hidden = true, description = "Makes the start-up caches of the services")
final class PrepareCommand implements Callable<Integer> {
  /** Writing a cache takes the ending process some seconds of a processor. */
  private static final Duration GRACE = Duration.ofSeconds(90);

  private static final int ROUNDS = 3;

  @ParentCommand @Nullable MeshCommand mesh;

  @Override
  public Integer call() {
    MeshCommand parent = Objects.requireNonNull(mesh, "mesh");
    Tree tree = parent.tree();
    RunDirectory run = new RunDirectory(tree.dist().resolve("prepare"));
    run.create();
    run.clearLogs();
    Ports ports = new Ports(new SecureRandom());
    Path model = parent.home().resolve("models").resolve("tiny-moe");
    UpOptions options =
        new UpOptions(model.toString(), 1, 1, 1, 1, "127.0.0.1", ports.getAsInt(), 0, Map.of());
    MeshPlan plan = new MeshPlanner(options, Models.inspect(model), ports, 1).plan();
    Map<ServiceKind, Path> drafts = drafts(tree);
    rehearse(run, tree, plan, drafts);
    drafts.forEach((kind, draft) -> keep(draft, tree.cache(kind)));
    return 0;
  }

  private static void rehearse(
      RunDirectory run, Tree tree, MeshPlan plan, Map<ServiceKind, Path> drafts) {
    try (Introspection introspection = new Introspection()) {
      Rehearsal rehearsal = new Rehearsal(() -> converse(plan));
      Supervisor supervisor =
          new Supervisor(
              plan,
              instance ->
                  ChildProcess.start(
                      command(tree, instance, drafts), run.path(), run.log(instance.name())),
              instance -> introspection.ask(instance.grpcPort()),
              instance -> Logs.lastWords(run.log(instance.name())),
              state -> {},
              rehearsal,
              GRACE);
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(supervisor::stop));
      rehearsal.attend(supervisor);
      supervisor.run();
      rehearsal
          .failure()
          .ifPresent(
              failure -> {
                throw failure;
              });
    }
  }

  private static List<String> command(
      Tree tree, InstancePlan instance, Map<ServiceKind, Path> drafts) {
    return tree.command(
        instance,
        List.of("-XX:AOTCacheOutput=" + Objects.requireNonNull(drafts.get(instance.kind()))));
  }

  /** What users do first, so that the classes for it are in the caches. */
  private static void converse(MeshPlan plan) {
    try (RestClient client = new RestClient(plan.url())) {
      for (int i = 0; i < ROUNDS; i++) {
        client.complete(
            Map.of("prompt", "This package contains", "max_tokens", 16, "stream", true), t -> {});
        client.chat(
            Map.of(
                "messages",
                List.of(Map.of("role", "user", "content", "What is a mesh?")),
                "max_tokens",
                16,
                "stream",
                true),
            t -> {});
      }
    }
  }

  private static Map<ServiceKind, Path> drafts(Tree tree) {
    Map<ServiceKind, Path> drafts = new EnumMap<>(ServiceKind.class);
    for (ServiceKind kind : ServiceKind.values()) {
      Path cache = tree.cache(kind);
      try {
        Files.createDirectories(cache.getParent());
        Files.deleteIfExists(cache);
      } catch (IOException e) {
        throw new LauncherException("Cannot write to " + cache.getParent() + ".", e);
      }
      drafts.put(kind, cache.resolveSibling(cache.getFileName() + ".new"));
    }
    return drafts;
  }

  private static void keep(Path draft, Path cache) {
    try {
      if (Files.exists(draft)) {
        Files.move(draft, cache, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      throw new LauncherException("Cannot write " + cache + ".", e);
    }
  }
}
