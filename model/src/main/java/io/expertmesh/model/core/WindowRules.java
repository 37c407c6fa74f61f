package io.expertmesh.model.core;

import java.util.function.IntPredicate;

/**
 * How families choose the layers that attend to a window where no {@code layer_types} are given.
 */
final class WindowRules {
  private WindowRules() {}

  /** The layers for which a rule holds. */
  static LayerTypes read(Decoder decoder, IntPredicate rule) {
    return LayerTypes.read(decoder.config(), decoder.shape().layers(), rule);
  }

  /** No layer. */
  static LayerTypes never(Decoder decoder) {
    return read(decoder, layer -> false);
  }

  /** Every layer, if {@code sliding_window} is given. */
  static LayerTypes everywhere(Decoder decoder) {
    boolean given = decoder.config().optionalPositive("sliding_window").isPresent();
    return read(decoder, layer -> given);
  }

  /** Qwen's: layers from {@code max_window_layers} on, if {@code use_sliding_window} is true. */
  static LayerTypes upper(Decoder decoder) {
    ModelConfig config = decoder.config();
    boolean used = config.given("use_sliding_window");
    int first = used ? config.natural("max_window_layers") : 0;
    LayerTypes types = read(decoder, layer -> used && layer >= first);
    return used ? types : types.requireFull("use_sliding_window is false");
  }

  /** The even layers (Gemma 2, gpt-oss). */
  static LayerTypes even(Decoder decoder) {
    return read(decoder, layer -> layer % 2 == 0);
  }
}
