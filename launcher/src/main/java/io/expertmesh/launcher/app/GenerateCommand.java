package io.expertmesh.launcher.app;

import io.expertmesh.launcher.transport.RestClient;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Continues a text. */
@Command(
    name = "generate",
    description = "Continues a text and prints it as it comes.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class GenerateCommand implements Callable<Integer> {
  @ParentCommand @Nullable MeshCommand mesh;
  @Mixin private SamplingOptions sampling = new SamplingOptions();

  @Parameters(paramLabel = "PROMPT", description = "The text to continue")
  private String prompt = "";

  @Option(names = "--echo", description = "Print the prompt first")
  private boolean echo;

  @Override
  public Integer call() {
    Terminal terminal = Terminal.system();
    SamplingOptions.Target target =
        sampling.target(Objects.requireNonNull(mesh, "mesh").runDirectory());
    Map<String, Object> body = sampling.body(target);
    body.put("prompt", prompt);
    try (RestClient client = new RestClient(target.url())) {
      if (echo) {
        terminal.text(prompt);
      }
      client.complete(body, terminal::text);
    }
    terminal.line("");
    return 0;
  }
}
