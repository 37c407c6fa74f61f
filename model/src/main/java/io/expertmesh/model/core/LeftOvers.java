package io.expertmesh.model.core;

import java.util.List;

/**
 * Tensors that a checkpoint may have although its model does not compute with them: buffers that
 * follow from the config, the copy of a tied head, and layers for predicting several tokens.
 */
final class LeftOvers {
  private final boolean tied;
  private final int layers;
  private final int extraLayers;

  LeftOvers(ModelConfig config, ModelSpec spec) {
    tied = spec.tied();
    layers = spec.layers().size();
    List<Integer> extra = config.integers("num_nextn_predict_layers");
    extraLayers = extra.isEmpty() ? 0 : extra.getFirst();
  }

  boolean mayStay(String name) {
    if (name.endsWith(".rotary_emb.inv_freq") || (tied && name.equals("lm_head.weight"))) {
      return true;
    }
    for (int layer = layers; layer < layers + extraLayers; layer++) {
      if (name.startsWith(Decoder.prefix(layer))) {
        return true;
      }
    }
    return false;
  }
}
