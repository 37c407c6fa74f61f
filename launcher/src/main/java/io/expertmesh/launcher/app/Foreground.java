package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshPlanner;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.transport.Introspection;
import io.expertmesh.launcher.transport.PlanFollower;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Runs a mesh under this process until a signal ends it. */
final class Foreground {
  /** Longer than an expert-service takes to finish what it has begun. */
  private static final Duration GRACE = Duration.ofSeconds(10);

  private final RunDirectory run;
  private final Tree tree;

  Foreground(RunDirectory run, Tree tree) {
    this.run = Objects.requireNonNull(run, "run");
    this.tree = Objects.requireNonNull(tree, "tree");
  }

  /**
   * Returns when the mesh was stopped.
   *
   * @param planner that made the plan
   */
  void serve(MeshPlan plan, MeshPlanner planner) {
    run.clearLogs();
    PlacementMailbox mailbox = new PlacementMailbox(run);
    mailbox.clear();
    Terminal terminal = Terminal.system();
    List<String> names =
        plan.instances().stream()
            .filter(instance -> instance.kind().serving())
            .map(InstancePlan::name)
            .toList();
    terminal.line(
        "Starting " + names.size() + " services for " + plan.modelId() + "; logs: " + run.logs());
    ProgressDisplay display =
        new ProgressDisplay(terminal, names, () -> Advice.lines(plan).forEach(terminal::line));
    try (Introspection introspection = new Introspection(new RunCredentials(run).open());
        PlanFollower follower = follower(plan)) {
      Supervisor supervisor =
          new Supervisor(
              plan,
              instance ->
                  ChildProcess.start(tree.command(instance), run.path(), run.log(instance.name())),
              instance -> introspection.ask(instance.kind(), instance.grpcPort()),
              instance -> Logs.lastWords(run.log(instance.name())),
              new StateFile(run.stateFile())::write,
              display,
              new LocalPlacements(mailbox, planner, introspection, follower, new FreeMemory()),
              GRACE,
              new Ports(new SecureRandom()));
      Thread atExit = Thread.ofPlatform().name("stop").unstarted(() -> stop(supervisor, terminal));
      Runtime.getRuntime().addShutdownHook(atExit);
      follower.start(supervisor::scale);
      supervisor.run();
    }
  }

  private PlanFollower follower(MeshPlan plan) {
    Optional<InstancePlan> autoscaler = plan.of(ServiceKind.AUTOSCALER).stream().findFirst();
    return new PlanFollower(
        autoscaler.map(InstancePlan::grpcPort).orElse(0),
        plan.shards(),
        new RunCredentials(run).open());
  }

  private void stop(Supervisor supervisor, Terminal terminal) {
    boolean running = !supervisor.isDone();
    if (running) {
      terminal.line("Stopping.");
    }
    supervisor.stop();
    if (running) {
      new StateFile(run.stateFile()).remove();
      terminal.line("Stopped.");
    }
  }
}
