package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.kernel.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomCheckpointTest {
  private static final RandomShape MIXTRAL =
      new RandomShape(2, 64, 96, 4, 2, 4, 2, 16, 128, 256, DType.BF16, 7);
  private static final RandomShape LLAMA =
      new RandomShape(2, 64, 96, 0, 0, 4, 4, 16, 128, 256, DType.F32, 7);

  private final Path dir;

  RandomCheckpointTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @Test
  void aRandomMixtralOpensWithTheShapeAskedFor() throws IOException {
    RandomCheckpoint.write(dir, MIXTRAL, Long.MAX_VALUE);
    try (Checkpoint checkpoint = Checkpoints.open(dir)) {
      ModelSpec spec = checkpoint.spec();
      assertThat(spec.family()).isEqualTo("mixtral");
      assertThat(spec.storedDtype()).isEqualTo(DType.BF16);
      assertThat(spec.maxPositions()).isEqualTo(256);
      assertThat(spec.eosTokenIds()).isEmpty();
      assertThat(spec.routed(1).orElseThrow().experts()).hasSize(4);
      WeightBudget budget = WeightBudget.of(checkpoint);
      LayerBudget layer = budget.layers().getFirst();
      assertThat(layer.expert()).isEqualTo(3 * 64 * 96 * 2);
      assertThat(layer.allExperts()).isEqualTo(4 * layer.expert());
      assertThat(layer.attention()).isEqualTo((64 * 64 * 2 + 32 * 64 * 2) * 2);
      assertThat(layer.gate()).isEqualTo(4 * 64 * 2);
      assertThat(layer.norms()).isEqualTo(2 * 64 * 4);
      assertThat(budget.parameters())
          .isEqualTo(2 * 128 * 64 + 64 + 2 * (12288 + 128 + 4 * 64 + 4 * 3 * 64 * 96));
      assertThat(budget.total()).isEqualTo(2 * (budget.parameters() - 320) + 2 * 2 * 64 * 4);
      assertThat(budget.stepBytes(2))
          .isEqualTo(budget.head() + 2.0 * (layer.always() + 2 * layer.expert()));
    }
  }

  @Test
  void aRandomLlamaOpensAndItsWeightsHaveTheDeviationOfTheirFanIn() throws IOException {
    RandomCheckpoint.write(dir, LLAMA, Long.MAX_VALUE);
    try (Checkpoint checkpoint = Checkpoints.open(dir);
        SafetensorsFile file = SafetensorsFile.open(dir.resolve("model.safetensors"))) {
      assertThat(checkpoint.spec().routedLayers()).isEmpty();
      float[] down = file.floats("model.layers.1.mlp.down_proj.weight");
      double sum = 0;
      double squares = 0;
      for (float value : down) {
        sum += value;
        squares += value * value;
      }
      double deviation = 1 / Math.sqrt(96);
      assertThat(sum / down.length).isCloseTo(0, within(5 * deviation / Math.sqrt(down.length)));
      assertThat(Math.sqrt(squares / down.length)).isCloseTo(deviation, within(0.05 * deviation));
      assertThat(file.floats("model.norm.weight")).containsOnly(1f);
    }
  }

  @Test
  void shardsHoldTheSameWeightsAsOneFile() throws IOException {
    Path whole = dir.resolve("whole");
    Path sharded = dir.resolve("sharded");
    RandomCheckpoint.write(whole, MIXTRAL, Long.MAX_VALUE);
    RandomCheckpoint.write(sharded, MIXTRAL, 50_000);
    try (Stream<Path> files = Files.list(sharded)) {
      List<String> names = files.map(f -> f.getFileName().toString()).sorted().toList();
      assertThat(names).contains("config.json", "model.safetensors.index.json");
      int shards = names.size() - 2;
      assertThat(shards).isGreaterThan(1);
      assertThat(names).contains("model-00001-of-%05d.safetensors".formatted(shards));
    }
    try (Checkpoint one = Checkpoints.open(whole);
        Checkpoint many = Checkpoints.open(sharded)) {
      assertThat(many.spec()).isEqualTo(one.spec());
      assertThat(many.weightsVersion()).isEqualTo(one.weightsVersion());
      TensorRef ref = one.spec().routed(1).orElseThrow().experts().getLast().down().weight();
      assertThat(many.matrix(ref).data().mismatch(one.matrix(ref).data())).isEqualTo(-1);
    }
  }

  @Test
  void equalSeedsGiveEqualFilesAndOthersDoNot() throws IOException {
    RandomCheckpoint.write(dir.resolve("a"), MIXTRAL, Long.MAX_VALUE);
    RandomCheckpoint.write(dir.resolve("b"), MIXTRAL, Long.MAX_VALUE);
    RandomCheckpoint.write(
        dir.resolve("c"),
        new RandomShape(2, 64, 96, 4, 2, 4, 2, 16, 128, 256, DType.BF16, 8),
        Long.MAX_VALUE);
    String file = "model.safetensors";
    assertThat(Files.mismatch(dir.resolve("a").resolve(file), dir.resolve("b").resolve(file)))
        .isEqualTo(-1);
    assertThat(Files.mismatch(dir.resolve("a").resolve(file), dir.resolve("c").resolve(file)))
        .isNotEqualTo(-1);
  }

  @Test
  void aDirectoryWithFilesIsLeftAlone() throws IOException {
    Files.writeString(dir.resolve("notes.txt"), "mine");
    assertThatThrownBy(() -> RandomCheckpoint.write(dir, LLAMA, Long.MAX_VALUE))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(dir + ": is not empty.");
    assertThat(dir).isDirectoryContaining(f -> f.endsWith("notes.txt"));
  }

  @Test
  void impossibleShapesAreNamed() {
    assertThatThrownBy(() -> new RandomShape(1, 8, 8, 4, 5, 2, 1, 4, 8, 8, DType.F32, 0))
        .hasMessage("topK is 5 of 4 experts, must be from 1 to all of them");
    assertThatThrownBy(() -> new RandomShape(1, 8, 8, 4, 0, 2, 1, 4, 8, 8, DType.F32, 0))
        .hasMessage("topK is 0 of 4 experts, must be from 1 to all of them");
    assertThatThrownBy(() -> new RandomShape(1, 8, 8, 0, 0, 3, 2, 4, 8, 8, DType.F32, 0))
        .hasMessage("heads is 3, must be a multiple of kvHeads, which is 2");
    assertThatThrownBy(() -> new RandomShape(1, 8, 8, 0, 0, 2, 1, 3, 8, 8, DType.F32, 0))
        .hasMessage("headDim is 3, must be even");
    assertThatThrownBy(() -> new RandomShape(0, 8, 8, 0, 0, 2, 1, 4, 8, 8, DType.F32, 0))
        .hasMessage("layers is 0, must be at least 1");
    assertThatThrownBy(() -> new RandomShape(1, 8, 8, 0, 0, 2, 1, 4, 8, 8, DType.F16, 0))
        .hasMessage("dtype is F16, supported: F32, BF16");
  }

  @Test
  void quantilesAreThoseOfTheNormalDistribution() {
    float[] values = NormalQuantiles.scaled(2);
    assertThat(values[NormalQuantiles.COUNT / 2]).isCloseTo(0f, within(1e-4f));
    // the 97.5 % quantile is 1.959964, the 84.134 % quantile is 1
    assertThat(values[(int) (0.975 * NormalQuantiles.COUNT)]).isCloseTo(3.919928f, within(2e-3f));
    assertThat(values[(int) (0.8413447 * NormalQuantiles.COUNT)]).isCloseTo(2f, within(2e-4f));
    assertThat(List.of(values[0])).containsExactly(-values[NormalQuantiles.COUNT - 1]);
  }
}
