package io.expertmesh.model.core;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads DeepSeek's latent attention. Norms inside it have an epsilon of 1e-6, whatever the rest.
 */
final class LatentAttentionReader {
  private static final float EPS = 1e-6f;

  private final TensorCatalog tensors;
  private final DecoderShape shape;
  private final int plain;
  private final int rotated;
  private final int value;
  private final int rank;
  private final OptionalInt queryRank;
  private final boolean bias;
  private final RopeSpec rope;
  private final float scale;

  /**
   * @param interleaved whether rotated dimensions are paired with their neighbours
   */
  LatentAttentionReader(Decoder decoder, boolean interleaved) {
    ModelConfig config = decoder.config();
    tensors = decoder.tensors();
    shape = decoder.shape();
    plain = config.positive("qk_nope_head_dim");
    rotated = config.positive("qk_rope_head_dim");
    value = config.positive("v_head_dim");
    rank = config.positive("kv_lora_rank");
    queryRank = config.optionalPositive("q_lora_rank");
    bias = config.given("attention_bias");
    WindowRules.never(decoder).requireFull("latent attention has no window");
    RopeConfig positions = RopeConfig.of(config);
    rope = positions.read(rotated, interleaved);
    if (rope.dims() != rotated) {
      throw config.refuse("partial_rotary_factor is not 1, which latent attention does not know");
    }
    scale = (float) (positions.scoreFactor() / Math.sqrt(plain + rotated));
    if ((long) shape.heads() * (plain + Math.max(rotated, value)) > Integer.MAX_VALUE) {
      throw config.refuse("num_attention_heads times the dimensions of a head is too large");
    }
  }

  LatentAttentionSpec read(int layer) {
    String prefix = Decoder.prefix(layer) + "self_attn.";
    int queries = shape.heads() * (plain + rotated);
    Optional<LatentAttentionSpec.CompressedQuery> queryDown = Optional.empty();
    Linear query;
    if (queryRank.isPresent()) {
      int width = queryRank.getAsInt();
      Linear down = tensors.linear(prefix + "q_a_proj", width, shape.hidden(), bias);
      NormSpec norm = norm(prefix + "q_a_layernorm.weight", width);
      queryDown = Optional.of(new LatentAttentionSpec.CompressedQuery(down, norm));
      query = tensors.linear(prefix + "q_b_proj", queries, width, false);
    } else {
      query = tensors.linear(prefix + "q_proj", queries, shape.hidden(), false);
    }
    return new LatentAttentionSpec(
        shape.heads(),
        plain,
        rope,
        value,
        rank,
        scale,
        queryDown,
        query,
        tensors.linear(prefix + "kv_a_proj_with_mqa", rank + rotated, shape.hidden(), bias),
        norm(prefix + "kv_a_layernorm.weight", rank),
        tensors.linear(prefix + "kv_b_proj", shape.heads() * (plain + value), rank, false),
        tensors.linear(prefix + "o_proj", shape.hidden(), shape.heads() * value, bias));
  }

  private NormSpec norm(String name, int width) {
    return NormSpec.rms(tensors.vector(name, width), EPS);
  }
}
