package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.ServiceKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Runs a day of load through the autoscaler and plots what it would have done. */
@Command(
    name = "replay",
    description = {
      "Runs recorded load events, or a synthetic day, through the autoscaler and plots demand,",
      "replicas, utilisation and replica-seconds against static provisioning."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false)
final class ScaleReplayCommand implements Callable<Integer> {
  private static final String MAIN = "io.expertmesh.autoscaler.app.ReplayApplication";

  @ParentCommand @Nullable ScaleCommand scale;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "Load events, one JSON object a line (without: a synthetic day)")
  private @Nullable Path file;

  @Option(
      names = "--synthetic",
      paramLabel = "KIND",
      defaultValue = "diurnal",
      description = "Kind of the synthetic day: diurnal (noise, bursts, a hot expert that changes)")
  private String synthetic = "diurnal";

  @Option(names = "--seed", paramLabel = "S", defaultValue = "1", description = "Of the day")
  private long seed;

  @Option(names = "--shards", paramLabel = "N", defaultValue = "8", description = "Of the day")
  private int shards;

  @Option(
      names = "--max-replicas",
      paramLabel = "N",
      defaultValue = "64",
      description = "Most replicas of a shard")
  private int max;

  @Option(
      names = "--start-seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "From the decision for a replica until it works")
  private int startSeconds;

  @Option(
      names = "--objective-seconds",
      paramLabel = "S",
      defaultValue = "0.5",
      description = "Longest time that work should wait")
  private double objectiveSeconds;

  @Option(names = "--csv", paramLabel = "FILE", description = "Also write a row per minute there")
  private @Nullable Path csv;

  @Override
  public Integer call() {
    if (!synthetic.equals("diurnal")) {
      throw new LauncherException("--synthetic is '" + synthetic + "'; there is only diurnal.");
    }
    if (shards < 1 || shards > 1024 || max < 1 || startSeconds < 0) {
      throw new LauncherException(
          "--shards must be from 1 to 1024, --max-replicas at least 1, --start-seconds at least 0.");
    }
    List<String> arguments = new ArrayList<>();
    if (file == null) {
      arguments.addAll(List.of("--seed=" + seed, "--shards=" + shards));
    } else {
      arguments.add("--file=" + file.toAbsolutePath());
    }
    arguments.addAll(
        List.of(
            "--max=" + max,
            "--start-seconds=" + startSeconds,
            "--objective-seconds=" + objectiveSeconds));
    if (csv != null) {
      arguments.add("--csv=" + csv.toAbsolutePath());
    }
    MeshCommand mesh = Objects.requireNonNull(Objects.requireNonNull(scale, "scale").mesh, "mesh");
    return run(mesh.tree().tool(ServiceKind.AUTOSCALER, MAIN, arguments));
  }

  private static int run(List<String> command) {
    try {
      return new ProcessBuilder(command).inheritIO().start().waitFor();
    } catch (IOException e) {
      throw new LauncherException("Cannot start " + command.getFirst() + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LauncherException("Interrupted during the replay.", e);
    }
  }
}
