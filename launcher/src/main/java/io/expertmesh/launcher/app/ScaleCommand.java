package io.expertmesh.launcher.app;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** What the autoscaler decides, and what it would decide. */
@Command(
    name = "scale",
    description = "Explains the replicas of a shard, or replays a day of load.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ScaleExplainCommand.class, ScaleReplayCommand.class})
final class ScaleCommand implements Callable<Integer> {
  @ParentCommand @Nullable MeshCommand mesh;
  @Spec @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    throw new CommandLine.ParameterException(
        java.util.Objects.requireNonNull(spec, "spec").commandLine(),
        "Say what: scale explain SHARD, or scale replay.");
  }
}
