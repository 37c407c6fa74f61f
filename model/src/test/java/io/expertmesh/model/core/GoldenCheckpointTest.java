package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class GoldenCheckpointTest {
  static final Path GOLDEN = Path.of("src/test/resources/golden");
  static final Path TINY_MOE = Path.of("../models/tiny-moe");

  @Test
  void aDenseLlamaIsReadExactly() {
    try (Checkpoint checkpoint = Checkpoints.open(GOLDEN.resolve("llama-dense"))) {
      ModelSpec spec = checkpoint.spec();
      assertThat(checkpoint.modelId()).isEqualTo("llama-dense");
      assertThat(spec.family()).isEqualTo("llama");
      assertThat(spec.hiddenSize()).isEqualTo(64);
      assertThat(spec.vocabSize()).isEqualTo(320);
      assertThat(spec.maxPositions()).isEqualTo(256);
      assertThat(spec.storedDtype()).isEqualTo(DType.F32);
      assertThat(spec.layers()).hasSize(3);
      assertThat(spec.routedLayers()).isEmpty();
      assertThat(spec.eosTokenIds()).containsExactly(2);
      assertThat(spec.bosTokenId()).isEqualTo(OptionalInt.of(1));
      assertThat(spec.head().linear())
          .isEqualTo(Linear.of(TensorRef.matrix("lm_head.weight", 320, 64)));
      assertThat(spec.finalNorm())
          .isEqualTo(NormSpec.rms(TensorRef.vector("model.norm.weight", 64), 1e-6f));
      assertThat(spec.layers().get(2).temporalMixer())
          .isEqualTo(
              new AttentionSpec(
                  4,
                  2,
                  16,
                  RopeSpec.plain(10_000, 16),
                  OptionalInt.empty(),
                  0.25f,
                  OptionalDouble.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  OptionalDouble.empty(),
                  Linear.of(TensorRef.matrix("model.layers.2.self_attn.q_proj.weight", 64, 64)),
                  Linear.of(TensorRef.matrix("model.layers.2.self_attn.k_proj.weight", 32, 64)),
                  Linear.of(TensorRef.matrix("model.layers.2.self_attn.v_proj.weight", 32, 64)),
                  Linear.of(TensorRef.matrix("model.layers.2.self_attn.o_proj.weight", 64, 64))));
      assertThat(spec.layers().get(1).channelMixer())
          .isEqualTo(
              DenseFfn.swiGlu(
                  96,
                  TensorRef.matrix("model.layers.1.mlp.gate_proj.weight", 96, 64),
                  TensorRef.matrix("model.layers.1.mlp.up_proj.weight", 96, 64),
                  TensorRef.matrix("model.layers.1.mlp.down_proj.weight", 64, 96)));
    }
  }

  @Test
  void aMixtralIsReadExactly() {
    try (Checkpoint checkpoint = Checkpoints.open(GOLDEN.resolve("mixtral"))) {
      ModelSpec spec = checkpoint.spec();
      assertThat(spec.family()).isEqualTo("mixtral");
      assertThat(spec.routedLayers()).containsExactly(0, 1, 2);
      RoutedFfn routed = spec.routed(1).orElseThrow();
      assertThat(routed.gate().policy()).isEqualTo(GatingSpec.SoftmaxTopK.renormalized(2));
      assertThat(routed.gate().projection().orElseThrow().weight())
          .isEqualTo(TensorRef.matrix("model.layers.1.block_sparse_moe.gate.weight", 8, 64));
      String expert = "model.layers.1.block_sparse_moe.experts.5.";
      assertThat(routed.experts()).hasSize(8);
      assertThat(routed.experts().get(5))
          .isEqualTo(
              DenseFfn.swiGlu(
                  96,
                  TensorRef.matrix(expert + "w1.weight", 96, 64),
                  TensorRef.matrix(expert + "w3.weight", 96, 64),
                  TensorRef.matrix(expert + "w2.weight", 64, 96)));
      AttentionSpec attention = (AttentionSpec) spec.layers().getFirst().temporalMixer();
      assertThat(attention.headDim()).isEqualTo(16);
      assertThat(attention.position()).isEqualTo(RopeSpec.plain(1_000_000, 16));
      assertThat(attention.window()).isEmpty();
      WeightMatrix gate = checkpoint.matrix(routed.gate().projection().orElseThrow().weight());
      assertThat(gate.dtype()).isEqualTo(DType.F32);
      assertThat(gate.data().byteSize()).isEqualTo(8 * 64 * 4);
    }
  }

  @Test
  void theBundledModelTiesItsHeadToTheEmbedding() {
    try (Checkpoint checkpoint = Checkpoints.open(TINY_MOE)) {
      ModelSpec spec = checkpoint.spec();
      assertThat(spec.tied()).isTrue();
      assertThat(spec.storedDtype()).isEqualTo(DType.BF16);
      assertThat(checkpoint.matrix(spec.head().linear().weight()).dtype()).isEqualTo(DType.BF16);
      assertThat(checkpoint.vector(spec.finalNorm().weight())).hasSize(256);
      assertThat(spec.eosTokenIds()).containsExactly(0);
    }
  }
}
