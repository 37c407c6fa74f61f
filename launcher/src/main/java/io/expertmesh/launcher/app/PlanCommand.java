package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.LoadLines;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.PlacementText;
import io.expertmesh.launcher.core.PlanReport;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.transport.RouterLoads;
import io.expertmesh.protocol.core.placement.LayerLoads;
import io.expertmesh.protocol.core.placement.MachineBudget;
import io.expertmesh.protocol.core.placement.ShadowingRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Prints where experts should be for the loads that were observed. */
@Command(
    name = "plan",
    description = {
      "Plans where experts should be: replicates the hottest ones, then packs them on machines.",
      "Reads the loads of the running mesh, or of a file. Changes nothing that runs:",
      "./mesh apply does."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class PlanCommand implements Callable<Integer> {
  @ParentCommand @Nullable MeshCommand mesh;

  @Option(names = "--machines", paramLabel = "N", required = true, description = "Machines")
  private int machines;

  @Option(
      names = "--slots",
      paramLabel = "N",
      required = true,
      description = "Experts of one layer that a machine has memory for")
  private int slots;

  @Option(
      names = "--loads",
      paramLabel = "FILE",
      description = "Lines of layer, expert, tokens; default: ask the running mesh")
  private @Nullable Path file;

  @Option(
      names = "--layer",
      paramLabel = "L",
      description = "Also list what every machine hosts of this layer")
  private @Nullable Integer layer;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Also write the plan as a placement, for ./mesh apply and ./mesh render")
  private @Nullable Path out;

  @ArgGroup(exclusive = false)
  private @Nullable Shadowing shadowing;

  /** With a bandwidth, experts that are worth it are copied to every machine. */
  static final class Shadowing {
    @Option(
        names = "--bandwidth",
        paramLabel = "GB/S",
        required = true,
        description = "Between machines: copies experts to all machines where that pays")
    double bandwidth;

    @Option(
        names = "--tflops",
        paramLabel = "N",
        required = true,
        description = "Speed of a machine")
    double tflops;

    @Option(names = "--hidden", paramLabel = "N", required = true, description = "Hidden size")
    int hidden;

    @Option(
        names = "--inner",
        paramLabel = "N",
        required = true,
        description = "Inner width of an expert")
    int inner;
  }

  @Override
  public Integer call() {
    try {
      PlanReport report = PlanReport.of(loads(), new MachineBudget(machines, slots), rule());
      Terminal terminal = Terminal.system();
      report.lines().forEach(terminal::line);
      if (layer != null) {
        report.machines(layer).forEach(terminal::line);
      }
      Path placement = out;
      if (placement != null) {
        write(placement, PlacementText.lines(report.plans()));
      }
      return 0;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new LauncherException(String.valueOf(e.getMessage()), e);
    }
  }

  private static void write(Path placement, List<String> lines) {
    try {
      Files.write(placement, lines);
    } catch (IOException e) {
      throw new LauncherException("Cannot write --out " + placement + ": " + e, e);
    }
  }

  private Optional<ShadowingRule> rule() {
    Shadowing s = shadowing;
    return s == null
        ? Optional.empty()
        : Optional.of(
            ShadowingRule.serving(
                s.bandwidth * 1e9, s.tflops * 1e12, s.hidden, s.inner / (double) s.hidden));
  }

  private List<LayerLoads> loads() {
    Path given = file;
    if (given != null) {
      try {
        return LoadLines.parse(Files.readAllLines(given));
      } catch (IOException e) {
        throw new LauncherException("Cannot read " + given + ": " + e, e);
      }
    }
    RunDirectory run = Objects.requireNonNull(mesh, "mesh").runDirectory();
    MeshState state = Meshes.require(run);
    List<Integer> routers =
        state.instances().stream()
            .filter(instance -> instance.kind() == ServiceKind.ROUTER)
            .map(instance -> instance.grpcPort())
            .toList();
    return RouterLoads.ask(routers, new RunCredentials(run).open());
  }
}
