package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshPlanner;
import io.expertmesh.launcher.core.ScaleOptions;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.UpOptions;
import io.expertmesh.launcher.transport.Introspection;
import io.expertmesh.launcher.transport.RestClient;
import io.expertmesh.protocol.transport.MeshCredentials;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/**
 * Part of the build: runs the bundled model once with one process of each kind, each of which
 * writes down what it loads, and keeps that as start-up caches (see {@link Tree#cache}). With the
 * caches a mesh starts in a fraction of the processor time. Without them it only starts slower.
 */
@Command(name = "prepare", hidden = true, description = "Makes the start-up caches of the services")
final class PrepareCommand implements Callable<Integer> {
  /** Writing a cache takes the ending process some seconds of a processor. */
  private static final Duration GRACE = Duration.ofSeconds(90);

  private static final int PATIENCE_SECONDS = 180;

  /** Without load events the caches are smaller, but as good for what is in them. */
  private static final Duration EVENTS_PATIENCE = Duration.ofSeconds(40);

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
        new UpOptions(
            model.toString(),
            1,
            1,
            1,
            1,
            "127.0.0.1",
            ports.getAsInt(),
            0,
            Map.of(),
            new ScaleOptions(ScaleOptions.EMBEDDED, true, 1, 1, 0));
    MeshPlan plan = new MeshPlanner(options, Models.inspect(model), ports, 1).plan();
    rehearse(run, tree, plan, ports);
    assemble(run, tree, plan);
    return 0;
  }

  private static void rehearse(RunDirectory run, Tree tree, MeshPlan plan, Ports ports) {
    try (Introspection introspection = new Introspection(MeshCredentials.plain())) {
      Rehearsal rehearsal = new Rehearsal(() -> converse(plan));
      Supervisor supervisor =
          new Supervisor(
              plan,
              instance ->
                  ChildProcess.start(
                      tree.recording(instance), run.path(), run.log(instance.name())),
              instance -> introspection.ask(instance.grpcPort()),
              instance -> Logs.lastWords(run.log(instance.name())),
              state -> {},
              rehearsal,
              new NoPlacements(),
              GRACE,
              ports);
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(supervisor::stop));
      rehearsal.attend(supervisor);
      // What was recorded until then is worth a cache too.
      CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS)
          .execute(supervisor::stop);
      supervisor.run();
      rehearsal
          .failure()
          .ifPresent(
              failure -> {
                throw failure;
              });
    }
  }

  /** Makes the caches side by side; one that fails is left out. */
  private static void assemble(RunDirectory run, Tree tree, MeshPlan plan) {
    Map<ServiceKind, ChildProcess> assemblies = new EnumMap<>(ServiceKind.class);
    for (InstancePlan instance : plan.instances()) {
      ServiceKind kind = instance.kind();
      if (Files.exists(tree.recorded(kind))) {
        assemblies.put(
            kind,
            ChildProcess.start(tree.assembly(kind), run.path(), run.log("cache-" + kind.label())));
      }
    }
    long deadline = System.nanoTime() + GRACE.toNanos();
    assemblies.forEach((kind, assembly) -> await(tree, kind, assembly, deadline));
    for (ServiceKind kind : ServiceKind.values()) {
      keep(tree, kind);
    }
  }

  /** A draft that was not finished is no cache. */
  private static void await(Tree tree, ServiceKind kind, ChildProcess assembly, long deadline) {
    try {
      if (!assembly.awaitExit(Duration.ofNanos(deadline - System.nanoTime()))) {
        assembly.kill();
        Files.deleteIfExists(tree.draft(kind));
      }
    } catch (IOException e) {
      throw new LauncherException("Cannot delete " + tree.draft(kind) + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      assembly.kill();
    }
  }

  private static void keep(Tree tree, ServiceKind kind) {
    try {
      if (Files.exists(tree.draft(kind))) {
        Files.move(tree.draft(kind), tree.cache(kind), StandardCopyOption.ATOMIC_MOVE);
      }
      Files.deleteIfExists(tree.recorded(kind));
    } catch (IOException e) {
      throw new LauncherException("Cannot write " + tree.cache(kind) + ".", e);
    }
  }

  /**
   * What users do first, so that the classes for it are in the caches; and load events all the way
   * to the autoscaler, for a client of Kafka has as many classes as all the rest of a service.
   */
  private static void converse(MeshPlan plan) {
    try (RestClient client = new RestClient(plan.url())) {
      for (int i = 0; i < ROUNDS; i++) {
        client.post("/v1/completions", Map.of("prompt", "This package", "max_tokens", 8));
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
        refused(client, Map.of("prompt", "", "max_tokens", 1));
        refused(client, Map.of("prompt", "This package", "temperature", -1));
        refused(client, Map.of("prompt", Map.of(), "stream", "perhaps"));
      }
      long until = System.nanoTime() + EVENTS_PATIENCE.toNanos();
      while (!loadIsKnown(client) && System.nanoTime() < until) {
        client.complete(Map.of("prompt", "This package", "max_tokens", 4, "stream", true), t -> {});
      }
    }
  }

  /** A mistake, which is to be told as quickly as anything else is answered. */
  private static void refused(RestClient client, Map<String, Object> body) {
    try {
      client.post("/v1/completions", body);
    } catch (LauncherException refusal) {
      // As it should be; what it says is not looked at here.
    }
  }

  private static boolean loadIsKnown(RestClient client) {
    try {
      return client.get("/v1/scaling").path("shards").path(0).path("tokens_per_second").asDouble(0)
          > 0;
    } catch (LauncherException e) {
      // The autoscaler is still starting.
      return false;
    }
  }
}
