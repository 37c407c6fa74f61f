package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

class CheckpointTest {
  private final Path dir;

  CheckpointTest(@TempDir Path dir) {
    this.dir = dir;
  }

  private static TensorRef weight(Optional<Linear> linear) {
    return linear.orElseThrow().weight();
  }

  @Test
  void fusedExpertsEqualSingleOnes() {
    try (Checkpoint fused = fused().open();
        Checkpoint single = Checkpoints.open(GoldenCheckpointTest.GOLDEN.resolve("mixtral"))) {
      assertThat(
              fused
                  .spec()
                  .routed(2)
                  .orElseThrow()
                  .gate()
                  .projection()
                  .orElseThrow()
                  .weight()
                  .tensor())
          .isEqualTo("model.layers.2.mlp.gate.weight");
      for (int layer : single.spec().routedLayers()) {
        RoutedFfn a = fused.spec().routed(layer).orElseThrow();
        RoutedFfn b = single.spec().routed(layer).orElseThrow();
        assertThat(a.gate().policy()).isEqualTo(b.gate().policy());
        assertSame(fused, weight(a.gate().projection()), single, weight(b.gate().projection()));
        for (int e = 0; e < 8; e++) {
          assertThat(weight(a.experts().get(e).gate()).slice()).isEqualTo(e);
          assertSame(
              fused, weight(a.experts().get(e).gate()), single, weight(b.experts().get(e).gate()));
          assertSame(
              fused, a.experts().get(e).up().weight(), single, b.experts().get(e).up().weight());
          assertSame(
              fused,
              a.experts().get(e).down().weight(),
              single,
              b.experts().get(e).down().weight());
        }
      }
      assertThat(WeightBudget.of(fused)).isEqualTo(WeightBudget.of(single));
    }
  }

  @Test
  void fusedTensorsOfTheWrongShapeAreRefused() {
    assertThatThrownBy(() -> fused().with("num_local_experts", "4").open())
        .hasMessageContaining(
            "'model.layers.0.mlp.experts.gate_up_proj': has shape [8, 192, 64], the config makes it"
                + " [4, 192, 64].");
  }

  @Test
  void partsOutsideATensorAreRefused() {
    try (Checkpoint checkpoint = fused().open()) {
      String stacked = "model.layers.0.mlp.experts.gate_up_proj";
      assertThat(checkpoint.matrix(new TensorRef(stacked, 7, 191, 1, 64)).rows()).isEqualTo(1);
      assertThat(checkpoint.matrix(new TensorRef("lm_head.weight", -1, 10, 5, 64)).rows())
          .isEqualTo(5);
      for (TensorRef bad :
          List.of(
              new TensorRef(stacked, 8, 0, 192, 64),
              new TensorRef(stacked, -1, 0, 192, 64),
              new TensorRef(stacked, 0, 1, 192, 64),
              new TensorRef(stacked, 0, -1, 2, 64),
              new TensorRef(stacked, 0, 0, 0, 64),
              new TensorRef(stacked, 0, 0, 192, 63),
              new TensorRef(stacked, 0, Integer.MAX_VALUE, Integer.MAX_VALUE, 64),
              new TensorRef("lm_head.weight", 0, 0, 320, 64),
              new TensorRef("lm_head.weight", -1, 0, 321, 64),
              TensorRef.vector("model.norm.weight", 64))) {
        assertThatThrownBy(() -> checkpoint.matrix(bad))
            .isInstanceOf(CheckpointException.class)
            .hasMessageContaining("does not hold slice " + bad.slice());
      }
      for (TensorRef bad :
          List.of(
              TensorRef.vector("model.norm.weight", 65),
              TensorRef.vector("lm_head.weight", 320 * 64 + 1),
              new TensorRef("model.norm.weight", 0, 0, 64, 1),
              new TensorRef("model.norm.weight", -1, 2, 63, 1),
              TensorRef.matrix("model.norm.weight", 64, 2))) {
        assertThatThrownBy(() -> checkpoint.vector(bad)).isInstanceOf(CheckpointException.class);
      }
      assertThatThrownBy(() -> checkpoint.vector(TensorRef.vector("nobody", 3)))
          .hasMessageContaining("tensor 'nobody': is missing from the checkpoint");
    }
  }

  @Test
  void theModelIsNamedAfterItsDirectoryUnlessConfigured() {
    Path golden = GoldenCheckpointTest.GOLDEN.resolve("mixtral");
    try (Checkpoint named = Checkpoints.open(golden, "my-model");
        Checkpoint plain = Checkpoints.open(golden.resolve("../mixtral/."))) {
      assertThat(named.modelId()).isEqualTo("my-model");
      assertThat(plain.modelId()).isEqualTo("mixtral");
    }
  }

  @Test
  void theWeightsVersionIgnoresLayoutAndNothingElse() throws IOException {
    long version = version(edited());
    assertThat(version(edited())).isEqualTo(version);
    ObjectNode config =
        (ObjectNode)
            StrictJson.readObject(GoldenCheckpointTest.GOLDEN.resolve("llama-dense/config.json"));
    ObjectNode reversed = StrictJson.MAPPER.createObjectNode();
    config.propertyNames().stream()
        .sorted(Comparator.reverseOrder())
        .forEach(key -> reversed.set(key, config.get(key)));
    edited().write();
    Files.writeString(dir.resolve("config.json"), reversed.toPrettyString());
    try (Checkpoint checkpoint = Checkpoints.open(dir)) {
      assertThat(checkpoint.weightsVersion()).isEqualTo(version);
    }
    assertThat(version(edited().with("rms_norm_eps", "2e-6"))).isNotEqualTo(version);
    assertThat(version(changed("model.norm.weight", 100))).isNotEqualTo(version);
    assertThat(version(changed("lm_head.weight", 0))).isNotEqualTo(version);
    assertThat(version(changed("lm_head.weight", 320 * 64 * 4 - 1))).isNotEqualTo(version);
  }

  @Test
  void aShardedCheckpointIsOneCheckpoint() {
    long version = version(edited());
    delete("model.safetensors");
    edited().write(100_000);
    assertThat(dir.resolve("model.safetensors.index.json")).exists();
    try (Checkpoint sharded = Checkpoints.open(dir)) {
      assertThat(sharded.weightsVersion()).isEqualTo(version);
    }
  }

  @Test
  void indexesThatLieAreRefused() {
    edited().write(100_000);
    Path index = dir.resolve("model.safetensors.index.json");
    for (String bad : List.of("../x", "/etc/passwd", "a\\\\b", "..", "", "a\\u0000b")) {
      editIndex(
          index,
          text ->
              text.replaceFirst("model-00001-of-\\d+.safetensors", Matcher.quoteReplacement(bad)));
      assertThatThrownBy(() -> Checkpoints.open(dir))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("must be plain, without path separators");
      edited().write(100_000);
    }
    editIndex(index, text -> text.replace("\"lm_head.weight\"", "\"lm_head.wait\""));
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessageMatching(
            ".*index.json, tensor 'lm_head.wait': is said to be in model-.*, which does not have"
                + " it\\.");
    editIndex(index, text -> "{\"weight_map\":{\"lm_head.weight\":7}}");
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessage(index + ", tensor 'lm_head.weight': weight_map must name a file.");
    editIndex(index, text -> "{}");
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessage(index + ": weight_map must be an object.");
    edited().write(100_000);
    editIndex(index, text -> text.replaceFirst("model-00001", "model-99999"));
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessageMatching(".*model-99999-of-\\d+.safetensors: the file is missing\\.");
  }

  @Test
  void aTensorInTwoShardsIsRefused() throws IOException {
    EditedCheckpoint edited = edited();
    edited.write(100_000);
    TensorSource norm = edited.tensor("model.norm.weight");
    TensorSource head = edited.tensor("lm_head.weight");
    Path first;
    try (var files = Files.list(dir)) {
      first = files.filter(f -> f.toString().contains("model-00001")).findFirst().orElseThrow();
    }
    SafetensorsWriter.write(first, List.of(norm, head), Map.of());
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessageMatching(
            ".*, tensor 'model.norm.weight': is also in model-00001-of-\\d+.safetensors\\.");
  }

  @Test
  void aDirectoryWithoutWeightsIsRefused() {
    edited().write();
    delete("model.safetensors");
    assertThatThrownBy(() -> Checkpoints.open(dir))
        .hasMessage(dir + ": has neither model.safetensors nor model.safetensors.index.json.");
  }

  private EditedCheckpoint edited() {
    return new EditedCheckpoint(dir, "llama-dense");
  }

  private EditedCheckpoint changed(String tensor, int at) {
    EditedCheckpoint edited = edited();
    TensorSource source = edited.tensor(tensor);
    MemorySegment data = MemorySegment.ofArray(edited.bytes(tensor));
    data.set(ValueLayout.JAVA_BYTE, at, (byte) (data.get(ValueLayout.JAVA_BYTE, at) ^ 1));
    return edited.withTensor(EditedCheckpoint.source(tensor, source.type(), source.shape(), data));
  }

  /** Golden mixtral with the experts of each layer in two stacked tensors. */
  private EditedCheckpoint fused() {
    EditedCheckpoint edited = new EditedCheckpoint(dir, "mixtral");
    for (int layer = 0; layer < 3; layer++) {
      String old = "model.layers." + layer + ".block_sparse_moe.";
      String fused = "model.layers." + layer + ".mlp.";
      Layouts.fuse(
          edited,
          old + "experts.",
          List.of("w1", "w3", "w2"),
          8,
          fused + "experts.gate_up_proj",
          fused + "experts.down_proj");
      edited.rename(old + "gate.weight", fused + "gate.weight");
    }
    return edited;
  }

  private static void assertSame(Checkpoint a, TensorRef refA, Checkpoint b, TensorRef refB) {
    assertThat(a.matrix(refA).rows()).isEqualTo(b.matrix(refB).rows());
    assertThat(a.matrix(refA).data().mismatch(b.matrix(refB).data())).isEqualTo(-1);
  }

  private static long version(EditedCheckpoint edited) {
    try (Checkpoint checkpoint = edited.open()) {
      return checkpoint.weightsVersion();
    }
  }

  private static void editIndex(Path index, UnaryOperator<String> edit) {
    try {
      Files.writeString(index, edit.apply(Files.readString(index)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void delete(String name) {
    try {
      Files.delete(dir.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
