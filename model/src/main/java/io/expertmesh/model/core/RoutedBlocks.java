package io.expertmesh.model.core;

import java.util.List;
import java.util.Optional;

/**
 * Reads the routed block of a layer, a gate without a bias and gated experts, under the names that
 * the checkpoint uses: {@code mlp} or {@code block_sparse_moe}, {@code gate} or {@code router}.
 *
 * @param decoder the model
 * @param counts of experts
 * @param usual block name of published checkpoints, with the dot
 */
record RoutedBlocks(Decoder decoder, ExpertCounts counts, String usual) {
  /** The block of a layer without a shared expert. */
  RoutedFfn read(int layer, GatingSpec policy) {
    String block = block(layer);
    List<DenseFfn> experts = experts(block);
    return new RoutedFfn(GateSpec.of(policy, gate(block)), experts, Optional.empty());
  }

  /** Prefix of the block's tensors in a layer, with the dot. */
  String block(int layer) {
    String prefix = Decoder.prefix(layer);
    for (String name : List.of(usual, "mlp.", "block_sparse_moe.")) {
      if (decoder.tensors().has(prefix + name + "gate.weight")
          || decoder.tensors().has(prefix + name + "router.weight")) {
        return prefix + name;
      }
    }
    return prefix + usual;
  }

  /** The gate's matrix. */
  TensorRef gate(String block) {
    boolean router = decoder.tensors().has(block + "router.weight");
    return decoder
        .tensors()
        .matrix(
            block + (router ? "router.weight" : "gate.weight"),
            counts.experts(),
            decoder.shape().hidden());
  }

  /** The experts. */
  List<DenseFfn> experts(String block) {
    return FeedForwards.of(decoder).experts(block, counts.experts(), counts.inner());
  }
}
