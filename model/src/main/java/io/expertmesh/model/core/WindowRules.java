package io.expertmesh.model.core;

/**
 * How families choose the layers that attend to a window where no {@code layer_types} are given.
 */
final class WindowRules {
  private WindowRules() {}

  /** Every layer, if {@code sliding_window} is given. */
  static LayerTypes everywhere(Decoder decoder) {
    boolean given = decoder.config().optionalPositive("sliding_window").isPresent();
    return LayerTypes.read(decoder.config(), decoder.shape().layers(), layer -> given);
  }

  /** Qwen's: layers from {@code max_window_layers} on, if {@code use_sliding_window} is true. */
  static LayerTypes upper(Decoder decoder) {
    ModelConfig config = decoder.config();
    boolean used = config.given("use_sliding_window");
    int first = used ? config.natural("max_window_layers") : 0;
    LayerTypes types =
        LayerTypes.read(config, decoder.shape().layers(), layer -> used && layer >= first);
    for (int layer = 0; layer < decoder.shape().layers() && !used; layer++) {
      if (types.slides(layer)) {
        throw config.refuse(
            "layer_types has \"" + LayerTypes.SLIDING + "\", but use_sliding_window is false");
      }
    }
    return types;
  }

  /** The even layers (Gemma 2, gpt-oss). */
  static LayerTypes even(Decoder decoder) {
    return LayerTypes.read(decoder.config(), decoder.shape().layers(), layer -> layer % 2 == 0);
  }
}
