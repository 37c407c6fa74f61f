package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.ExpertColours;
import io.expertmesh.launcher.core.PromptRouting;
import io.expertmesh.launcher.core.RoutingReport;
import io.expertmesh.launcher.transport.RestClient;
import io.expertmesh.launcher.transport.RoutingAnswer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows which experts compute a text. */
@Command(
    name = "routing",
    description = {
      "Shows which experts compute a text: colours each token by its heaviest expert, layer by"
          + " layer, and prints how evenly the experts are used.",
      "Without a terminal, or with NO_COLOR set, the experts stand behind each token."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class RoutingCommand implements Callable<Integer> {
  @ParentCommand @Nullable MeshCommand mesh;

  @Parameters(paramLabel = "TEXT", description = "The text to route")
  private String text = "";

  @Option(names = "--layer", paramLabel = "L", description = "Show this layer only")
  private @Nullable Integer layer;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "Address of the API (without: the mesh that is up here)")
  private @Nullable String url;

  @Override
  public Integer call() {
    Terminal terminal = Terminal.system();
    SamplingOptions.Target target =
        SamplingOptions.Target.of(url, Objects.requireNonNull(mesh, "mesh").runDirectory());
    Map<String, Object> body = new LinkedHashMap<>();
    if (!target.model().isEmpty()) {
      body.put("model", target.model());
    }
    body.put("prompt", text);
    PromptRouting routing;
    try (RestClient client = new RestClient(target.url())) {
      routing = RoutingAnswer.ask(client, body);
    }
    String noColour = System.getenv("NO_COLOR");
    boolean coloured = terminal.canRedraw() && (noColour == null || noColour.isEmpty());
    RoutingReport report = RoutingReport.of(routing, new ExpertColours(coloured));
    (layer == null ? report : report.onlyLayer(layer)).lines().forEach(terminal::line);
    return 0;
  }
}
