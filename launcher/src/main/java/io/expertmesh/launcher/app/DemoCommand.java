package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Quantities;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.transport.RestClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Sends traffic that makes replicas come and go, and shows what the mesh makes of it. */
@Command(
    name = "demo",
    description = {
      "hot-expert: sends skewed traffic and shows load, queues and replicas live, until Ctrl-C or",
      "until the replicas have gone again. Needs a mesh that was started with",
      "./mesh up --autoscale --experts 8 --set expertmesh.expert.pace-micros=2000",
      "  --set expertmesh.router.spread-rows=2 --set expertmesh.autoscaler.down-window=20s",
      "up-and-down: drives replicas to the most and back to the least, again and again; where",
      "--min-replicas is 0, to none. Ends with 1 if a request failed."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DemoCommand implements Callable<Integer> {
  private static final String HOT_EXPERT = "hot-expert";
  private static final String UP_AND_DOWN = "up-and-down";
  private static final int BAR = 24;
  private static final Duration AUTOSCALER_PATIENCE = Duration.ofSeconds(60);

  @ParentCommand @Nullable MeshCommand mesh;

  @Parameters(
      paramLabel = "NAME",
      description = "hot-expert or up-and-down",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private String name = "";

  @Option(
      names = "--callers",
      paramLabel = "N",
      defaultValue = "20",
      description = "Callers while the expert is hot")
  private int callers;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "90",
      description = "How long the expert stays hot; before and after it is calm for as long")
  private int seconds;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "20",
      description = "Rounds of up-and-down")
  private int rounds;

  @Override
  public Integer call() {
    if (!name.equals(HOT_EXPERT) && !name.equals(UP_AND_DOWN)) {
      throw new LauncherException(
          "There is no demo '" + name + "'; there are " + HOT_EXPERT + " and " + UP_AND_DOWN + ".");
    }
    if (callers < 1 || callers > 512 || seconds < 1 || seconds > 3600) {
      throw new LauncherException("--callers must be from 1 to 512, --seconds from 1 to 3600.");
    }
    if (rounds < 1 || rounds > 1000) {
      throw new LauncherException("--rounds is " + rounds + ", must be from 1 to 1000.");
    }
    MeshState state = Meshes.require(Objects.requireNonNull(mesh, "mesh").runDirectory());
    Terminal terminal = Terminal.system();
    try (DemoTraffic traffic = new DemoTraffic(state.url());
        RestClient client = new RestClient(state.url())) {
      if (state.instances().stream().anyMatch(i -> i.kind() == ServiceKind.AUTOSCALER)) {
        awaitAutoscaler(client);
      }
      if (name.equals(UP_AND_DOWN)) {
        new UpAndDownDemo(client, traffic, terminal).run(rounds, callers);
      } else {
        show(client, traffic, terminal, "calm", 1, Math.max(10, seconds / 4));
        show(client, traffic, terminal, "hot", callers, seconds);
        show(client, traffic, terminal, "calm again", 1, seconds);
      }
      if (traffic.failed() > 0) {
        terminal.line("The last failure: " + traffic.lastFailure());
      }
      return traffic.failed() == 0 ? 0 : 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  /** It starts when the mesh is ready, so a demo may be asked for before it answers. */
  private static void awaitAutoscaler(RestClient client) throws InterruptedException {
    long until = System.nanoTime() + AUTOSCALER_PATIENCE.toNanos();
    while (true) {
      try {
        client.get("/v1/scaling");
        return;
      } catch (LauncherException e) {
        if (System.nanoTime() - until > 0) {
          throw e;
        }
      }
      TimeUnit.SECONDS.sleep(1);
    }
  }

  private static void show(
      RestClient client,
      DemoTraffic traffic,
      Terminal terminal,
      String phase,
      int callers,
      int seconds)
      throws InterruptedException {
    traffic.callers(callers);
    for (int second = 1; second <= seconds; second++) {
      TimeUnit.SECONDS.sleep(1);
      List<String> lines = new ArrayList<>();
      lines.add(
          phase + " for " + Quantities.span(Duration.ofSeconds(second)) + ": " + traffic.line());
      lines.addAll(shards(client.get("/v1/scaling")));
      if (terminal.canRedraw()) {
        terminal.redraw(lines);
      } else if (second % 5 == 0 || second == seconds) {
        lines.forEach(terminal::line);
      }
    }
  }

  static List<String> shards(JsonNode scaling) {
    List<String> lines = new ArrayList<>();
    for (JsonNode node : scaling.path("shards")) {
      double demand = node.path("demand").asDouble(0);
      int replicas = node.path("replicas").asInt(0);
      lines.add(
          "%-12s %s %5.2f busy  replicas %d -> %s  queue p99 %4.0f ms  %5.0f tokens/s  %s"
              .formatted(
                  node.path("shard").asString(""),
                  bar(demand, Math.max(1, replicas)),
                  demand,
                  replicas,
                  node.path("wanted").isNull() ? "?" : node.path("wanted").asString("?"),
                  node.path("queue_p99_millis").asDouble(0),
                  node.path("tokens_per_second").asDouble(0),
                  hottest(node.path("experts"))));
    }
    return lines;
  }

  /** Demand against what is there: a full bar is replicas that are busy all the time. */
  private static String bar(double demand, int replicas) {
    int full = Math.clamp(Math.round(demand / replicas * BAR), 0, BAR);
    return "[" + "#".repeat(full) + ".".repeat(BAR - full) + "]";
  }

  private static String hottest(JsonNode experts) {
    String name = "";
    double most = 0;
    for (var expert : experts.properties()) {
      if (expert.getValue().asDouble(0) > most) {
        most = expert.getValue().asDouble(0);
        name = expert.getKey();
      }
    }
    return name.isEmpty() ? "" : "hottest " + name + " " + Math.round(most) + "/s";
  }
}
