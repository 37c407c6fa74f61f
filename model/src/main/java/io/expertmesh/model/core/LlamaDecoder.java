package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What decoders of the Llama lineage have in common: config keys, tensor names and the attention
 * block. A family adds its channel mixer.
 */
final class LlamaDecoder {
  private final ModelConfig config;
  private final TensorCatalog tensors;
  private final int hidden;
  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final int layers;
  private final int vocab;
  private final float eps;
  private final RopeSpec rope;

  /**
   * Reads the keys that all families of the lineage share.
   *
   * @param defaultTheta rotary base of a config that names none
   */
  LlamaDecoder(ModelConfig config, TensorCatalog tensors, double defaultTheta) {
    this.config = config;
    this.tensors = tensors;
    hidden = config.positive("hidden_size");
    layers = config.positive("num_hidden_layers");
    heads = config.positive("num_attention_heads");
    kvHeads = config.optionalPositive("num_key_value_heads").orElse(heads);
    vocab = config.positive("vocab_size");
    eps = (float) config.number("rms_norm_eps");
    headDim = headDim();
    if (heads % kvHeads != 0) {
      throw config.refuse(
          "num_attention_heads is "
              + heads
              + ", must be a multiple of num_key_value_heads, which is "
              + kvHeads);
    }
    if ((long) heads * headDim > Integer.MAX_VALUE) {
      throw config.refuse("num_attention_heads times head_dim is too large");
    }
    rope = RopeConfig.read(config, headDim, defaultTheta);
    String activation = config.text("hidden_act").orElse("silu");
    if (!Set.of("silu", "swish").contains(activation)) {
      throw config.refuse(
          "hidden_act is \"" + CheckpointException.abridged(activation) + "\", supported: silu");
    }
  }

  private int headDim() {
    OptionalInt given = config.optionalPositive("head_dim");
    if (given.isEmpty() && hidden % heads != 0) {
      throw config.refuse(
          "hidden_size is "
              + hidden
              + ", must be a multiple of num_attention_heads, which is "
              + heads
              + ", where head_dim is not given");
    }
    int dim = given.orElse(hidden / heads);
    if (dim % 2 != 0) {
      throw config.refuse("head_dim is " + dim + ", rotary positions need an even number");
    }
    return dim;
  }

  /** Prefix of the tensors of a layer, with the dot. */
  static String prefix(int layer) {
    return "model.layers." + layer + ".";
  }

  int hidden() {
    return hidden;
  }

  /** The whole model, given how its layers mix channels. */
  ModelSpec spec(OptionalInt window, ChannelMixers channelMixers) {
    TensorRef embedding = tensors.matrix("model.embed_tokens.weight", vocab, hidden);
    List<LayerSpec> specs = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      specs.add(
          LayerSpec.preNorm(
              layer,
              norm(prefix(layer) + "input_layernorm.weight"),
              attention(prefix(layer) + "self_attn.", window),
              norm(prefix(layer) + "post_attention_layernorm.weight"),
              channelMixers.of(layer)));
    }
    return new ModelSpec(
        config.text("model_type").orElseThrow(),
        hidden,
        vocab,
        config.positive("max_position_embeddings"),
        storedDtype(embedding),
        new EmbeddingSpec(embedding, 1),
        specs,
        norm("model.norm.weight"),
        new HeadSpec(Linear.of(head(embedding)), 1, OptionalDouble.empty()),
        List.copyOf(new LinkedHashSet<>(config.integers("eos_token_id"))),
        config.integers("bos_token_id").stream().mapToInt(Integer::intValue).findFirst());
  }

  private NormSpec norm(String tensor) {
    return NormSpec.rms(tensors.vector(tensor, hidden), eps);
  }

  private AttentionSpec attention(String prefix, OptionalInt window) {
    int queries = heads * headDim;
    int keys = kvHeads * headDim;
    return new AttentionSpec(
        heads,
        kvHeads,
        headDim,
        rope,
        window,
        (float) (1 / Math.sqrt(headDim)),
        OptionalDouble.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalDouble.empty(),
        Linear.of(tensors.matrix(prefix + "q_proj.weight", queries, hidden)),
        Linear.of(tensors.matrix(prefix + "k_proj.weight", keys, hidden)),
        Linear.of(tensors.matrix(prefix + "v_proj.weight", keys, hidden)),
        Linear.of(tensors.matrix(prefix + "o_proj.weight", hidden, queries)));
  }

  private TensorRef head(TensorRef embedding) {
    String name = "lm_head.weight";
    boolean tied = config.flag("tie_word_embeddings").orElse(!tensors.has(name));
    return tied ? embedding : tensors.matrix(name, vocab, hidden);
  }

  /** The dtype that the config declares; that of the embedding where it declares none. */
  private DType storedDtype(TensorRef embedding) {
    String key = config.text("dtype").isPresent() ? "dtype" : "torch_dtype";
    String declared = config.text(key).orElse("auto");
    return switch (declared.startsWith("torch.") ? declared.substring(6) : declared) {
      case "float32" -> DType.F32;
      case "bfloat16" -> DType.BF16;
      case "float16" -> DType.F16;
      case "auto" -> tensors.dtype(embedding.tensor());
      default ->
          throw config.refuse(
              key
                  + " is \""
                  + CheckpointException.abridged(declared)
                  + "\", supported: float32, bfloat16, float16");
    };
  }

  /** The channel mixer of each layer. */
  @FunctionalInterface
  interface ChannelMixers {
    /** The mixer of layer {@code layer}, counted from 0. */
    ChannelMixer of(int layer);
  }
}
