package io.expertmesh.model.core;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.IntFunction;

/**
 * Reads the attention of a layer: {@code self_attn.{q,k,v,o}_proj} and what a family adds to them.
 * Without settings: no biases, rotary positions as the config says, scores scaled by {@code
 * headDim^-1/2}, no window.
 */
final class AttentionReader {
  private final Decoder decoder;
  private final DecoderShape shape;
  private boolean inputBias;
  private boolean outputBias;
  private Optional<QueryKeyNorm.Scope> normScope = Optional.empty();
  private OptionalDouble clip = OptionalDouble.empty();
  private OptionalDouble softCap = OptionalDouble.empty();
  private double scale;
  private boolean sinks;
  private IntFunction<OptionalInt> window = layer -> OptionalInt.empty();
  private IntFunction<PositionSpec> position;

  AttentionReader(Decoder decoder) {
    this.decoder = decoder;
    shape = decoder.shape();
    scale = 1 / Math.sqrt(shape.headDim());
    position = layer -> RopeConfig.of(decoder.config()).read(shape.headDim(), false);
  }

  /** Whether queries, keys and values have biases, and whether the output has one. */
  AttentionReader biases(boolean inputs, boolean output) {
    inputBias = inputs;
    outputBias = output;
    return this;
  }

  /** Norms on queries and keys, {@code q_norm} and {@code k_norm}. */
  AttentionReader queryKeyNorm(QueryKeyNorm.Scope scope) {
    normScope = Optional.of(scope);
    return this;
  }

  /** Limit of projected values. */
  AttentionReader clip(Optional<Double> limit) {
    clip = limit.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    return this;
  }

  /** Soft cap of scores. */
  AttentionReader softCap(Optional<Double> cap) {
    softCap = cap.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    return this;
  }

  /** Factor on scores. */
  AttentionReader scale(double factor) {
    scale = factor;
    return this;
  }

  /** Whether heads have sinks. */
  AttentionReader sinks() {
    sinks = true;
    return this;
  }

  /** Windows and positions as the types of the layers say. */
  AttentionReader types(LayerTypes types) {
    window = types::window;
    position =
        layer -> RopeConfig.of(decoder.config(), types.of(layer)).read(shape.headDim(), false);
    return this;
  }

  /** The window of every layer. */
  AttentionReader window(OptionalInt tokens) {
    window = layer -> tokens;
    return this;
  }

  /** How each layer learns positions. */
  AttentionReader positions(IntFunction<PositionSpec> ofLayer) {
    position = ofLayer;
    return this;
  }

  /** The attention of layer {@code layer}. */
  AttentionSpec read(int layer) {
    String prefix = Decoder.prefix(layer) + "self_attn.";
    TensorCatalog tensors = decoder.tensors();
    return new AttentionSpec(
        shape.heads(),
        shape.kvHeads(),
        shape.headDim(),
        position.apply(layer),
        window.apply(layer),
        (float) scale,
        softCap,
        sinks ? Optional.of(tensors.vector(prefix + "sinks", shape.heads())) : Optional.empty(),
        normScope.map(scope -> queryKeyNorm(scope, prefix)),
        clip,
        tensors.linear(prefix + "q_proj", shape.queries(), shape.hidden(), inputBias),
        tensors.linear(prefix + "k_proj", shape.keys(), shape.hidden(), inputBias),
        tensors.linear(prefix + "v_proj", shape.keys(), shape.hidden(), inputBias),
        tensors.linear(prefix + "o_proj", shape.hidden(), shape.queries(), outputBias));
  }

  private QueryKeyNorm queryKeyNorm(QueryKeyNorm.Scope scope, String prefix) {
    return new QueryKeyNorm(
        scope,
        headNorm(scope, prefix + "q_norm", shape.heads()),
        headNorm(scope, prefix + "k_norm", shape.kvHeads()));
  }

  private NormSpec headNorm(QueryKeyNorm.Scope scope, String name, int heads) {
    int width = heads * shape.headDim();
    return switch (scope) {
      case HEAD -> decoder.norm(name, shape.headDim());
      case ALL_HEADS -> decoder.norm(name, width);
      case EACH_HEAD ->
          decoder.norm(
              name, decoder.tensors().flat(name + ".weight", heads, shape.headDim()), width);
    };
  }
}
