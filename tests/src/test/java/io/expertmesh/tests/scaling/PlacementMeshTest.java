package io.expertmesh.tests.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.tests.support.Completions;
import io.expertmesh.tests.support.Completions.Continuation;
import io.expertmesh.tests.support.MeshUnderTest;
import io.expertmesh.tests.support.MeshUnderTest.CommandResult;
import io.expertmesh.tests.support.MeshUnderTest.Instance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Other placements for a mesh of processes that goes on answering. */
@Timeout(600)
class PlacementMeshTest {
  private static final double PER_SECOND = 1;
  private static final int TOKENS = 24;
  private static final List<Integer> PROMPT = List.of(17, 401, 3335, 88, 1203, 9);

  @TempDir private Path folder = Path.of("");

  @Test
  void placementsChangeUnderTrafficAndNoRequestFailsAndNoBitChanges() throws Exception {
    try (MeshUnderTest mesh =
            MeshUnderTest.up(MeshUnderTest.bundledModel(), "--experts", "2", "--routers", "2");
        Traffic traffic = new Traffic(mesh.url(), Map.of())) {
      Continuation before = ask(mesh);
      refusalsChangeNothing(mesh);
      traffic.perSecond(PER_SECOND);
      new ScalingLog(mesh).await("traffic", 60, () -> traffic.done() > 4);

      Path skewed = folder.resolve("skewed.yaml");
      CommandResult plan =
          run(mesh, "plan", "--machines", "3", "--slots", "4", "--out", skewed.toString());
      assertThat(plan.status()).as(plan.output()).isZero();
      apply(mesh, skewed, before);
      assertThat(shards(mesh)).containsExactly("machine-0", "machine-1", "machine-2");

      Path even = folder.resolve("even.yaml");
      Files.writeString(
          even,
          """
          shards:
            - {name: experts-0, split: 0/2}
            - {name: experts-1, split: 1/2}
          """);
      apply(mesh, even, before);
      assertThat(shards(mesh)).containsExactly("experts-0", "experts-1");

      int done = traffic.done();
      new ScalingLog(mesh).await("more traffic", 60, () -> traffic.done() > done + 4);
      traffic.finish();
      assertThat(traffic.failures()).isEmpty();
      System.out.println("requests: " + traffic.done() + ", failed: 0");
    }
  }

  /** While the placement is applied the prompt is asked again and again. */
  private static void apply(MeshUnderTest mesh, Path placement, Continuation expected)
      throws InterruptedException {
    CompletableFuture<CommandResult> running =
        CompletableFuture.supplyAsync(
            () -> run(mesh, "apply", "--placement", placement.toString()));
    int asked = 0;
    while (!running.isDone()) {
      assertThat(ask(mesh)).isEqualTo(expected);
      asked++;
      Thread.sleep(300); // the processors are needed to start services
    }
    CommandResult result = running.join();
    assertThat(result.status()).as(result.output()).isZero();
    assertThat(result.output()).contains("All serve; ").contains(" started, ");
    assertThat(ask(mesh)).isEqualTo(expected);
    System.out.println(asked + " equal answers meanwhile; " + result.output().strip());
  }

  private void refusalsChangeNothing(MeshUnderTest mesh) throws IOException {
    List<Instance> before = mesh.instances();
    refused(
        mesh,
        "{name: all, experts: \"*:0-8\"}",
        "Shard all: The shard names expert 8 of layer 0, but that layer has experts 0-7.");
    refused(
        mesh,
        "{name: some, experts: \"*:0-6\"}",
        "Expert 7 of layer 0 is in no shard of the placement.");
    refused(
        mesh,
        "{name: many, experts: \"*:*\", min: 600, max: 600}",
        "--placement asks for 600 expert-services; a mesh on one machine has at most 512"
            + " processes.");
    assertThat(mesh.instances()).isEqualTo(before);
  }

  private void refused(MeshUnderTest mesh, String shard, String sentence) throws IOException {
    Path file = Files.writeString(folder.resolve("refused.yaml"), "shards:\n  - " + shard + "\n");
    CommandResult result = run(mesh, "apply", "--placement", file.toString());
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.output().strip()).isEqualTo("mesh: " + sentence);
  }

  private static List<String> shards(MeshUnderTest mesh) {
    return mesh.instances().stream()
        .filter(instance -> instance.kind().equals("EXPERT"))
        .map(Instance::shard)
        .toList();
  }

  private static Continuation ask(MeshUnderTest mesh) {
    return Completions.greedy(mesh.client(), PROMPT, TOKENS);
  }

  private static CommandResult run(MeshUnderTest mesh, String... words) {
    return MeshUnderTest.command(mesh.runDirectory(), List.of(words));
  }
}
