package io.expertmesh.expert.core;

import io.expertmesh.model.core.Activation;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.Optional;

/** A checkpoint whose experts are read as {@code down(relu(up(x)))}, without their gates. */
record UngatedCheckpoint(Checkpoint gated) implements Checkpoint {
  @Override
  public ModelSpec spec() {
    ModelSpec spec = gated.spec();
    return new ModelSpec(
        spec.family(),
        spec.hiddenSize(),
        spec.vocabSize(),
        spec.maxPositions(),
        spec.storedDtype(),
        spec.embedding(),
        spec.layers().stream().map(UngatedCheckpoint::ungated).toList(),
        spec.finalNorm(),
        spec.head(),
        spec.eosTokenIds(),
        spec.bosTokenId());
  }

  private static LayerSpec ungated(LayerSpec layer) {
    RoutedFfn routed = (RoutedFfn) layer.channelMixer();
    return LayerSpec.preNorm(
        layer.index(),
        layer.temporalNorm(),
        layer.temporalMixer(),
        layer.channelNorm().orElseThrow(),
        new RoutedFfn(
            routed.gate(),
            routed.experts().stream()
                .map(
                    ffn ->
                        new DenseFfn(
                            ffn.inner(),
                            new Activation.Relu(),
                            Optional.empty(),
                            ffn.up(),
                            ffn.down()))
                .toList(),
            routed.shared()));
  }

  @Override
  public String modelId() {
    return gated.modelId();
  }

  @Override
  public long weightsVersion() {
    return gated.weightsVersion();
  }

  @Override
  public WeightMatrix matrix(TensorRef ref, Arena arena) {
    return gated.matrix(ref, arena);
  }

  @Override
  public DType dtype(TensorRef ref) {
    return gated.dtype(ref);
  }

  @Override
  public float[] vector(TensorRef ref) {
    return gated.vector(ref);
  }

  @Override
  public void close() {
    gated.close();
  }
}
