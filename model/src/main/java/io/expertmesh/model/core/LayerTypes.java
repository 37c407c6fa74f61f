package io.expertmesh.model.core;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Which layers attend to a window: as {@code layer_types} says, or as the family's rule does where
 * the config has no such list.
 */
final class LayerTypes {
  static final String SLIDING = "sliding_attention";
  static final String FULL = "full_attention";
  static final List<String> SUPPORTED = List.of(FULL, SLIDING);

  private final ModelConfig config;
  private final List<String> types;

  private LayerTypes(ModelConfig config, List<String> types) {
    this.config = config;
    this.types = types;
  }

  /**
   * Reads the list.
   *
   * @param rule layers that slide where there is no list
   */
  static LayerTypes read(ModelConfig config, int layers, IntPredicate rule) {
    List<String> types =
        config
            .texts("layer_types")
            .orElseGet(
                () ->
                    IntStream.range(0, layers)
                        .mapToObj(layer -> rule.test(layer) ? SLIDING : FULL)
                        .toList());
    if (types.size() != layers) {
      throw config.refuse(
          "layer_types has " + types.size() + " entries, num_hidden_layers is " + layers);
    }
    for (String type : types) {
      if (!SUPPORTED.contains(type)) {
        throw config.unsupported("layer_types", type, String.join(", ", SUPPORTED));
      }
    }
    return new LayerTypes(config, types);
  }

  /** Type of a layer. */
  String of(int layer) {
    return types.get(layer);
  }

  /** True if the layer attends to a window. */
  boolean slides(int layer) {
    return of(layer).equals(SLIDING);
  }

  /** These types, if none of them slides. */
  LayerTypes requireFull(String reason) {
    if (types.contains(SLIDING)) {
      throw config.refuse("layer_types has \"" + SLIDING + "\", but " + reason);
    }
    return this;
  }

  /** The window of a layer: {@code sliding_window} tokens, itself included. */
  OptionalInt window(int layer) {
    return slides(layer) ? OptionalInt.of(config.positive("sliding_window")) : OptionalInt.empty();
  }
}
