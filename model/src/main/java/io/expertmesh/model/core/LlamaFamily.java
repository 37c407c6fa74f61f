package io.expertmesh.model.core;

import java.util.OptionalInt;
import java.util.Set;

/** Llama: dense decoders with one gated feed-forward block per layer (Touvron et al. 2023). */
final class LlamaFamily implements ModelFamily {
  private static final double DEFAULT_THETA = 10_000;

  @Override
  public Set<String> modelTypes() {
    return Set.of("llama");
  }

  @Override
  public ModelSpec describe(ModelConfig config, TensorCatalog tensors) {
    config.allowOnly("attention_bias", false);
    config.allowOnly("mlp_bias", false);
    LlamaDecoder decoder = new LlamaDecoder(config, tensors, DEFAULT_THETA);
    int inner = config.positive("intermediate_size");
    return decoder.spec(
        OptionalInt.empty(),
        layer -> {
          String prefix = LlamaDecoder.prefix(layer) + "mlp.";
          return DenseFfn.swiGlu(
              inner,
              tensors.matrix(prefix + "gate_proj.weight", inner, decoder.hidden()),
              tensors.matrix(prefix + "up_proj.weight", inner, decoder.hidden()),
              tensors.matrix(prefix + "down_proj.weight", decoder.hidden(), inner));
        });
  }
}
