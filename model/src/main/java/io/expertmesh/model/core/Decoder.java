package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntFunction;

/**
 * What decoders with Hugging Face's common names have in common: shape, embedding, norms, head and
 * the order of blocks. A family sets what differs and adds the mixers of a layer.
 */
final class Decoder {
  private static final String EMBEDDING = "model.embed_tokens.weight";

  private final ModelConfig config;
  private final TensorCatalog tensors;
  private final DecoderShape shape;
  private NormSpec.Kind normKind = NormSpec.Kind.RMS;
  private String epsKey = "rms_norm_eps";
  private String inputNorm = "input_layernorm";
  private boolean normBias;
  private float embeddingScale = 1;
  private float residualScale = 1;
  private float logitScale = 1;
  private OptionalDouble logitCap = OptionalDouble.empty();
  private boolean headBias;

  Decoder(ModelConfig config, TensorCatalog tensors) {
    this(config, tensors, DecoderShape.read(config));
  }

  Decoder(ModelConfig config, TensorCatalog tensors, DecoderShape shape) {
    this.config = config;
    this.tensors = tensors;
    this.shape = shape;
  }

  /** Prefix of the tensors of a layer, with the dot. */
  static String prefix(int layer) {
    return "model.layers." + layer + ".";
  }

  ModelConfig config() {
    return config;
  }

  TensorCatalog tensors() {
    return tensors;
  }

  DecoderShape shape() {
    return shape;
  }

  /** Which norm the model uses, and the key of its epsilon. */
  Decoder norms(NormSpec.Kind kind, String eps, boolean bias) {
    normKind = kind;
    epsKey = eps;
    normBias = bias;
    return this;
  }

  /** Name of a layer's first norm. */
  Decoder inputNorm(String name) {
    inputNorm = name;
    return this;
  }

  /** Factor on embedding rows. */
  Decoder embeddingScale(double scale) {
    embeddingScale = (float) scale;
    return this;
  }

  /** Factor on what every mixer adds. */
  Decoder residualScale(double scale) {
    residualScale = (float) scale;
    return this;
  }

  /** Factor on logits, and their soft cap. */
  Decoder logits(double scale, OptionalDouble softCap) {
    logitScale = (float) scale;
    logitCap = softCap;
    return this;
  }

  /** Whether the head has a bias. */
  Decoder headBias(boolean bias) {
    headBias = bias;
    return this;
  }

  /** The norm {@code name.weight} over {@code width} values. */
  NormSpec norm(String name, int width) {
    return norm(name, tensors.vector(name + ".weight", width), width);
  }

  /** A norm whose weight was found already; {@code name} is that of its bias. */
  NormSpec norm(String name, TensorRef weight, int width) {
    Optional<TensorRef> bias =
        normBias ? Optional.of(tensors.vector(name + ".bias", width)) : Optional.empty();
    return new NormSpec(normKind, weight, bias, (float) config.number(epsKey));
  }

  /** A model whose layers normalise before each of their two mixers. */
  ModelSpec sequential(
      IntFunction<? extends TemporalMixer> temporal, IntFunction<? extends ChannelMixer> channel) {
    return spec(
        layer ->
            layer(
                layer,
                temporal,
                Optional.empty(),
                Optional.of("post_attention_layernorm"),
                channel,
                Optional.empty()));
  }

  /** A model whose layers' two mixers read the same normed rows. */
  ModelSpec parallel(
      IntFunction<? extends TemporalMixer> temporal, IntFunction<? extends ChannelMixer> channel) {
    return spec(
        layer ->
            layer(layer, temporal, Optional.empty(), Optional.empty(), channel, Optional.empty()));
  }

  /** A layer with its first norm and those of the names given. */
  LayerSpec layer(
      int layer,
      IntFunction<? extends TemporalMixer> temporal,
      Optional<String> temporalPost,
      Optional<String> channelNorm,
      IntFunction<? extends ChannelMixer> channel,
      Optional<String> channelPost) {
    return new LayerSpec(
        layer,
        layerNorm(layer, inputNorm),
        temporal.apply(layer),
        temporalPost.map(name -> layerNorm(layer, name)),
        channelNorm.map(name -> layerNorm(layer, name)),
        channel.apply(layer),
        channelPost.map(name -> layerNorm(layer, name)),
        residualScale);
  }

  private NormSpec layerNorm(int layer, String name) {
    return norm(prefix(layer) + name, shape.hidden());
  }

  /** The whole model. */
  ModelSpec spec(IntFunction<LayerSpec> layers) {
    TensorRef embedding = tensors.matrix(EMBEDDING, shape.vocab(), shape.hidden());
    List<LayerSpec> specs = new ArrayList<>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      specs.add(layers.apply(layer));
    }
    return new ModelSpec(
        config.text("model_type").orElseThrow(),
        shape.hidden(),
        shape.vocab(),
        config.positive("max_position_embeddings"),
        storedDtype(),
        new EmbeddingSpec(embedding, embeddingScale),
        specs,
        norm("model.norm", shape.hidden()),
        head(embedding),
        List.copyOf(new LinkedHashSet<>(config.integers("eos_token_id"))),
        config.integers("bos_token_id").stream().mapToInt(Integer::intValue).findFirst());
  }

  private HeadSpec head(TensorRef embedding) {
    String name = "lm_head";
    boolean tied = config.flag("tie_word_embeddings").orElse(!tensors.has(name + ".weight"));
    TensorRef weight =
        tied ? embedding : tensors.matrix(name + ".weight", shape.vocab(), shape.hidden());
    Optional<TensorRef> bias =
        headBias ? Optional.of(tensors.vector(name + ".bias", shape.vocab())) : Optional.empty();
    return new HeadSpec(new Linear(weight, bias), logitScale, logitCap);
  }

  /** The dtype that the config declares; that of the embedding where it declares none. */
  DType storedDtype() {
    String key = config.text("dtype").isPresent() ? "dtype" : "torch_dtype";
    String declared = config.text(key).orElse("auto");
    return switch (declared.startsWith("torch.") ? declared.substring(6) : declared) {
      case "float32" -> DType.F32;
      case "bfloat16" -> DType.BF16;
      case "float16" -> DType.F16;
      case "auto" -> tensors.dtype(EMBEDDING);
      default -> throw config.unsupported(key, declared, "float32, bfloat16, float16");
    };
  }
}
