package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Quantities;
import io.expertmesh.launcher.core.TextTable;
import io.expertmesh.launcher.transport.RestClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Shows what the autoscaler knows of a shard and why it wants its replicas. */
@Command(
    name = "explain",
    description = "Shows the demand of a shard and why it should have its replicas.",
    mixinStandardHelpOptions = true)
final class ScaleExplainCommand implements Callable<Integer> {
  @ParentCommand @Nullable ScaleCommand scale;

  @Parameters(
      paramLabel = "SHARD",
      arity = "0..1",
      description = "A shard, e.g. experts-0; without: all, in a table")
  private @Nullable String shard;

  @Override
  public Integer call() {
    MeshCommand mesh = Objects.requireNonNull(Objects.requireNonNull(scale, "scale").mesh, "mesh");
    MeshState state = Meshes.require(mesh.runDirectory());
    JsonNode scaling;
    try (RestClient client = new RestClient(state.url())) {
      scaling = client.get("/v1/scaling");
    }
    Terminal terminal = Terminal.system();
    if (scaling.path("blind").asBoolean(false)) {
      terminal.line("No load events arrive; the numbers are old, and nothing is taken away.");
    }
    lines(scaling, Optional.ofNullable(shard)).forEach(terminal::line);
    return 0;
  }

  static List<String> lines(JsonNode scaling, Optional<String> shard) {
    if (shard.isEmpty()) {
      return table(scaling);
    }
    List<String> known = new ArrayList<>();
    for (JsonNode node : scaling.path("shards")) {
      String name = node.path("shard").asString("");
      known.add(name);
      if (name.equals(shard.get())) {
        return explanation(node);
      }
    }
    throw new LauncherException(
        "There is no shard '"
            + shard.get()
            + "'; the autoscaler has heard of "
            + (known.isEmpty() ? "none yet" : String.join(", ", known))
            + ".");
  }

  private static List<String> table(JsonNode scaling) {
    TextTable table =
        new TextTable(
            List.of("SHARD", "REPLICAS", "WANTED", "DEMAND", "BUSY", "TOKENS/S", "QUEUED", "WHY"));
    for (JsonNode node : scaling.path("shards")) {
      table.add(
          List.of(
              node.path("shard").asString(""),
              node.path("replicas").asString("-"),
              node.path("wanted").isNull() ? "-" : node.path("wanted").asString("-"),
              Quantities.decimal(node.path("demand").asDouble(0)),
              percent(node.path("utilisation").asDouble(0)),
              Quantities.decimal(node.path("tokens_per_second").asDouble(0)),
              Quantities.decimal(node.path("queued_tokens").asDouble(0)),
              firstSentence(node.path("reason").asString(""))));
    }
    return table.lines();
  }

  private static List<String> explanation(JsonNode node) {
    List<String> lines = new ArrayList<>();
    lines.add(
        node.path("shard").asString("")
            + ": "
            + node.path("replicas").asString("0")
            + " replicas, wanted "
            + (node.path("wanted").isNull() ? "as they are" : node.path("wanted").asString("-"))
            + " (from "
            + node.path("min").asString("")
            + " to "
            + node.path("max").asString("")
            + ")");
    lines.add(node.path("reason").asString(""));
    TextTable table = new TextTable(List.of("NUMBER", "VALUE"));
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (field.getValue().isNumber()) {
        table.add(
            List.of(
                field.getKey().replace('_', ' '),
                String.format(java.util.Locale.ROOT, "%.4g", field.getValue().asDouble(0))));
      }
    }
    lines.addAll(table.lines());
    TextTable experts = new TextTable(List.of("LAYER:EXPERT", "TOKENS/S"));
    node.path("experts")
        .properties()
        .forEach(
            expert ->
                experts.add(
                    List.of(expert.getKey(), Quantities.decimal(expert.getValue().asDouble(0)))));
    lines.addAll(experts.lines());
    return lines;
  }

  private static String firstSentence(String text) {
    int end = text.indexOf(". ");
    return end < 0 ? text : text.substring(0, end);
  }

  private static String percent(double part) {
    return Math.round(part * 100) + " %";
  }
}
