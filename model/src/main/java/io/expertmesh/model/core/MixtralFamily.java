package io.expertmesh.model.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Mixtral: Llama's decoder with a routed feed-forward block in every layer (Jiang et al. 2024).
 * Experts come as three matrices each, as published, or fused into two stacked tensors per layer.
 */
final class MixtralFamily implements ModelFamily {
  private static final double DEFAULT_THETA = 1_000_000;

  @Override
  public Set<String> modelTypes() {
    return Set.of("mixtral");
  }

  @Override
  public ModelSpec describe(ModelConfig config, TensorCatalog tensors) {
    config.allowOnly("attention_bias", false);
    LlamaDecoder decoder = new LlamaDecoder(config, tensors, DEFAULT_THETA);
    int inner = config.positive("intermediate_size");
    int experts = config.positive("num_local_experts");
    int k = config.positive("num_experts_per_tok");
    if (k > experts) {
      throw config.refuse("num_experts_per_tok is " + k + ", num_local_experts is only " + experts);
    }
    if (inner > Integer.MAX_VALUE / 2) {
      throw config.refuse("intermediate_size is " + inner + ", which is too large");
    }
    Layout layout = new Layout(tensors, decoder.hidden(), inner, experts);
    GatingSpec policy = GatingSpec.SoftmaxTopK.renormalized(k);
    return decoder.spec(
        config.optionalPositive("sliding_window"),
        layer -> layout.routed(LlamaDecoder.prefix(layer), policy));
  }

  /** Where the experts of a layer are. */
  private record Layout(TensorCatalog tensors, int hidden, int inner, int experts) {
    RoutedFfn routed(String prefix, GatingSpec policy) {
      return tensors.has(prefix + "mlp.experts.gate_up_proj")
          ? fused(prefix + "mlp.", policy)
          : perExpert(prefix + "block_sparse_moe.", policy);
    }

    private RoutedFfn perExpert(String prefix, GatingSpec policy) {
      List<DenseFfn> networks = new ArrayList<>();
      for (int e = 0; e < experts; e++) {
        String expert = prefix + "experts." + e + ".";
        networks.add(
            DenseFfn.swiGlu(
                inner,
                tensors.matrix(expert + "w1.weight", inner, hidden),
                tensors.matrix(expert + "w3.weight", inner, hidden),
                tensors.matrix(expert + "w2.weight", hidden, inner)));
      }
      return new RoutedFfn(GateSpec.of(policy, gate(prefix)), networks, Optional.empty());
    }

    private RoutedFfn fused(String prefix, GatingSpec policy) {
      var gateUp = tensors.stack(prefix + "experts.gate_up_proj", experts, 2 * inner, hidden);
      var down = tensors.stack(prefix + "experts.down_proj", experts, hidden, inner);
      List<DenseFfn> networks = new ArrayList<>();
      for (int e = 0; e < experts; e++) {
        networks.add(
            DenseFfn.swiGlu(
                inner,
                gateUp.rows(e, 0, inner),
                gateUp.rows(e, inner, inner),
                down.rows(e, 0, hidden)));
      }
      return new RoutedFfn(GateSpec.of(policy, gate(prefix)), networks, Optional.empty());
    }

    private TensorRef gate(String prefix) {
      return tensors.matrix(prefix + "gate.weight", experts, hidden);
    }
  }
}
