package io.expertmesh.model.core;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntPredicate;

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
  private boolean interleaved;
  private boolean alibi;
  private String below = "self_attn.";
  private LayerTypes types;
  private IntPredicate positioned = layer -> true;

  AttentionReader(Decoder decoder) {
    this.decoder = decoder;
    shape = decoder.shape();
    scale = 1 / Math.sqrt(shape.headDim());
    types = WindowRules.never(decoder);
  }

  /** Where a layer's attention is, with the dot. */
  AttentionReader below(String prefix) {
    below = prefix;
    return this;
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
  AttentionReader types(LayerTypes ofLayers) {
    types = ofLayers;
    return this;
  }

  /** Rotation of neighbouring dimensions. */
  AttentionReader interleaved() {
    interleaved = true;
    return this;
  }

  /** A slope per head in the place of a rotation. */
  AttentionReader alibi() {
    alibi = true;
    return this;
  }

  /** Layers that know positions; the others know none. */
  AttentionReader positionsIn(IntPredicate layers) {
    positioned = layers;
    return this;
  }

  /** The attention of layer {@code layer}. */
  AttentionSpec read(int layer) {
    String prefix = Decoder.prefix(layer) + below;
    TensorCatalog tensors = decoder.tensors();
    return new AttentionSpec(
        shape.heads(),
        shape.kvHeads(),
        shape.headDim(),
        position(layer),
        types.window(layer),
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

  private PositionSpec position(int layer) {
    if (!positioned.test(layer)) {
      return new PositionSpec.None();
    }
    return alibi
        ? new PositionSpec.Alibi()
        : RopeConfig.of(decoder.config(), types.of(layer)).read(shape.headDim(), interleaved);
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
