package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The mesh command. Failures are one sentence on standard error and an exit code other than 0. */
@Command(
    name = "mesh",
    description = {
      "Serves a Mixture-of-Experts language model through a mesh of services on this machine.",
      "The start script adds two words: build (the runnable tree) and test (everything)."
    },
    versionProvider = MeshCommand.Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      UpCommand.class,
      StatusCommand.class,
      LogsCommand.class,
      GenerateCommand.class,
      ChatCommand.class,
      RoutingCommand.class,
      DownCommand.class,
      ScaleCommand.class,
      DemoCommand.class,
      MakeModelCommand.class,
      RenderCommand.class,
      PlanCommand.class,
      ApplyCommand.class,
      PrepareCommand.class,
      CommandLine.HelpCommand.class
    })
public final class MeshCommand {
  private static final String HOME = "expertmesh.home";

  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "Folder of the state file and the logs (default: run beside the mesh script)")
  private @org.jspecify.annotations.Nullable Path runDir;

  /** Parses the arguments, runs the command, exits. */
  public static void main(String[] args) {
    int code = run(args);
    System.out.flush();
    System.exit(code);
  }

  /** Runs a command and returns its exit code. */
  static int run(String... args) {
    return commandLine().execute(args.length == 0 ? new String[] {"help"} : args);
  }

  /** The parser with all words. */
  static CommandLine commandLine() {
    return new CommandLine(new MeshCommand())
        .setExecutionExceptionHandler(MeshCommand::explain)
        .setUsageHelpAutoWidth(true)
        .setCaseInsensitiveEnumValuesAllowed(true);
  }

  private static int explain(Exception failure, CommandLine command, CommandLine.ParseResult parsed)
      throws Exception {
    if (failure instanceof LauncherException) {
      command.getErr().println("mesh: " + failure.getMessage());
      return 1;
    }
    throw failure;
  }

  /** The root of the tree that the start script belongs to. */
  Path home() {
    return Path.of(System.getProperty(HOME, "")).toAbsolutePath().normalize();
  }

  /** Where state and logs are. */
  RunDirectory runDirectory() {
    String environment = System.getenv("MESH_RUN_DIR");
    Path chosen = runDir;
    if (chosen == null) {
      // as in the start script, an empty one is none
      boolean none = environment == null || environment.isEmpty();
      chosen = none ? home().resolve("run") : Path.of(environment);
    }
    return new RunDirectory(chosen.toAbsolutePath().normalize());
  }

  /** The runnable tree. */
  Tree tree() {
    return new Tree(home().resolve("dist"), LauncherInfo.load().jvmFlags());
  }

  /** Answers {@code --version}. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "expertmesh " + LauncherInfo.load().version(), "Java " + Runtime.version()
      };
    }
  }
}
