package io.expertmesh.model.core;

import java.util.OptionalInt;

/**
 * The sizes that every decoder's config names.
 *
 * @param hidden floats per hidden state
 * @param layers number of layers
 * @param vocab rows of the embedding
 * @param heads query heads
 * @param kvHeads key-value heads
 * @param headDim dimensions of a head
 */
record DecoderShape(int hidden, int layers, int vocab, int heads, int kvHeads, int headDim) {
  static DecoderShape read(ModelConfig config) {
    int hidden = config.positive("hidden_size");
    return of(config, headDim(config, hidden, config.positive("num_attention_heads")));
  }

  /** The shape of a model whose heads have dimensions of several kinds. */
  static DecoderShape withoutHeadDim(ModelConfig config) {
    return of(config, 1);
  }

  private static DecoderShape of(ModelConfig config, int headDim) {
    int heads = config.positive("num_attention_heads");
    int kvHeads = config.optionalPositive("num_key_value_heads").orElse(heads);
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
    return new DecoderShape(
        config.positive("hidden_size"),
        config.positive("num_hidden_layers"),
        config.positive("vocab_size"),
        heads,
        kvHeads,
        headDim);
  }

  private static int headDim(ModelConfig config, int hidden, int heads) {
    OptionalInt given = config.optionalPositive("head_dim");
    if (given.isEmpty() && hidden % heads != 0) {
      throw config.refuse(
          "hidden_size is "
              + hidden
              + ", must be a multiple of num_attention_heads, which is "
              + heads
              + ", where head_dim is not given");
    }
    return given.orElse(hidden / heads);
  }

  /** Floats of all query heads. */
  int queries() {
    return heads * headDim;
  }

  /** Floats of all key (or value) heads. */
  int keys() {
    return kvHeads * headDim;
  }
}
