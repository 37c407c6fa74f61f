package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.placement.LayerLoads;
import io.expertmesh.protocol.core.placement.LayerPlacement;
import io.expertmesh.protocol.core.placement.MachineBudget;
import io.expertmesh.render.app.Renderer;
import io.expertmesh.render.core.RenderOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlacementTextTest {
  @Test
  void everyMachineIsAShardWithWhatItHostsOfEveryLayer() {
    List<LayerPlacement> plans =
        List.of(
            new LayerPlacement(0, List.of(List.of(0, 1, 2, 5), List.of(0, 3)), List.of(1.0, 1.0)),
            new LayerPlacement(1, List.of(List.of(4), List.of(0, 3)), List.of(1.0, 1.0)),
            new LayerPlacement(3, List.of(List.of(4), List.of(0, 3)), List.of(1.0, 1.0)));

    assertThat(PlacementText.lines(plans))
        .containsExactly(
            "shards:",
            "  - {name: machine-0, experts: \"0:0-2,5;1,3:4\", min: 1, max: 1}",
            "  - {name: machine-1, experts: \"0-1,3:0,3\", min: 1, max: 1}");
  }

  @Test
  void aPlanForAModelIsAPlacementThatManifestsAreMadeOf(@TempDir Path folder) throws Exception {
    List<LayerLoads> loads =
        IntStream.range(0, 6)
            .mapToObj(layer -> new LayerLoads(layer, new long[] {900, 20, 30, 50, 0, 1, 200, 40}))
            .toList();
    PlanReport report = PlanReport.of(loads, new MachineBudget(3, 4), Optional.empty());
    Path file = folder.resolve("placement.yaml");
    Files.write(file, PlacementText.lines(report.plans()));

    int files =
        Renderer.render(
            Path.of("../models/tiny-moe"),
            Optional.of(file),
            4,
            new RenderOptions("n", "", "t", 1, 1, 1, 1, 1 << 20, 10, "models", "kafka:9092"),
            Optional.empty(),
            folder.resolve("out"));

    assertThat(files).isPositive();
    assertThat(report.plans().getFirst().replicas(0)).isGreaterThan(1);
    try (Stream<Path> written = Files.walk(folder.resolve("out"))) {
      assertThat(written.map(Path::getFileName).map(Path::toString))
          .anyMatch(name -> name.contains("machine-2"));
    }
  }

  @Test
  void aMachineThatHostsNothingIsNoShard() {
    List<LayerPlacement> plans =
        List.of(new LayerPlacement(0, List.of(List.of(0), List.of()), List.of(1.0, 0.0)));

    assertThat(PlacementText.lines(plans))
        .containsExactly("shards:", "  - {name: machine-0, experts: \"0:0\", min: 1, max: 1}");
  }
}
