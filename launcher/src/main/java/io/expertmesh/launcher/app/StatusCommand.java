package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstanceState;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Quantities;
import io.expertmesh.launcher.core.ServiceReport;
import io.expertmesh.launcher.core.TextTable;
import io.expertmesh.launcher.transport.Introspection;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Shows the services of the mesh, with what each says of itself. */
@Command(
    name = "status",
    description = "Shows every service: process, shard, state, tokens/s, queue, times, memory.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
  private static final int STATE_CHARS = 50;

  @ParentCommand @Nullable MeshCommand mesh;

  @Override
  public Integer call() {
    RunDirectory run = Objects.requireNonNull(mesh, "mesh").runDirectory();
    MeshState state = Meshes.require(run);
    Terminal terminal = Terminal.system();
    Duration age = Duration.ofMillis(System.currentTimeMillis() - state.startedMillis());
    terminal.line(
        state.modelId()
            + " at "
            + state.url()
            + "  "
            + state.phase().name().toLowerCase(Locale.ROOT)
            + ", up for "
            + Quantities.span(age)
            + ", supervisor "
            + state.supervisor().pid());
    TextTable table =
        new TextTable(
            List.of(
                "SERVICE",
                "PID",
                "SHARD",
                "STATE",
                "TOKENS/S",
                "QUEUE",
                "P50 MS",
                "P99 MS",
                "MEMORY",
                "RESTARTS"));
    try (Introspection introspection = new Introspection(new RunCredentials(run).open())) {
      for (InstanceState instance : state.instances()) {
        table.add(row(instance, introspection.ask(instance.kind(), instance.grpcPort())));
      }
    }
    table.lines().forEach(terminal::line);
    return 0;
  }

  private static List<String> row(InstanceState instance, Optional<ServiceReport> answer) {
    boolean alive = instance.process().find().isPresent();
    ServiceReport report = answer.orElseGet(() -> ServiceReport.of(alive ? "no answer" : "ended"));
    String shard = instance.shard();
    return List.of(
        instance.name(),
        alive ? Long.toString(instance.process().pid()) : "-",
        shard.isEmpty() ? "-" : shard,
        report.words(STATE_CHARS),
        Quantities.decimal(report.tokensPerSecond()),
        answer.isPresent() ? Integer.toString(report.queueDepth()) : "-",
        Quantities.decimal(report.p50Millis()),
        Quantities.decimal(report.p99Millis()),
        Quantities.bytes(report.residentBytes()),
        Integer.toString(instance.restarts()));
  }
}
