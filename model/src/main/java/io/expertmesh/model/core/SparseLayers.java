package io.expertmesh.model.core;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Which layers of a Qwen mixture are routed: every {@code decoder_sparse_step}-th, except those in
 * {@code mlp_only_layers}; none of a config without experts.
 */
record SparseLayers(int step, Set<Integer> dense) {
  static SparseLayers read(ModelConfig config, int layers) {
    List<Integer> dense = config.integers("mlp_only_layers");
    for (int layer : dense) {
      if (layer >= layers) {
        throw config.refuse(
            "mlp_only_layers names layer " + layer + ", num_hidden_layers is only " + layers);
      }
    }
    Set<Integer> excepted = new HashSet<>(dense);
    if (config.natural(ExpertCounts.key(config)) == 0) {
      IntStream.range(0, layers).forEach(excepted::add);
    }
    return new SparseLayers(config.positive("decoder_sparse_step"), excepted);
  }

  boolean routed(int layer) {
    return !dense.contains(layer) && (layer + 1) % step == 0;
  }
}
