package io.expertmesh.model.core;

import java.util.OptionalDouble;
import java.util.Set;

/**
 * PaLM's decoder (Chowdhery et al. 2022) in separate tensors: attention and SwiGLU read the same
 * normed rows, one key-value head, tied embeddings, no biases. There is no published checkpoint, so
 * the names are our own: {@code norm} and the usual projections, all directly below {@code
 * model.layers.N}.
 */
final class PalmFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"num_key_value_heads": 1, "hidden_act": "silu", "max_position_embeddings": 2048,
       "norm_type": "layernorm", "norm_eps": 1e-5, "tie_word_embeddings": true,
       "rope_theta": 10000.0, "position_embedding_type": "rope", "logits_scale": 1.0}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("palm");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    Decoder decoder =
        new Decoder(config, tensors)
            .norms(
                norm(config), config.spelled("norm_eps", "layer_norm_eps", "rms_norm_eps"), false)
            .inputNorm("norm")
            .logits(config.number("logits_scale"), OptionalDouble.empty());
    AttentionReader attention = new AttentionReader(decoder).below("");
    String position = config.text("position_embedding_type").orElse("rope");
    switch (position) {
      case "rope" -> {}
      case "alibi" -> attention.alibi();
      default -> throw config.unsupported("position_embedding_type", position, "rope, alibi");
    }
    FeedForwards networks = FeedForwards.of(decoder);
    int inner =
        config
            .optionalPositive("intermediate_size")
            .orElseGet(() -> Math.multiplyExact(4, decoder.shape().hidden()));
    return decoder.parallel(
        attention::read, layer -> networks.dense(Decoder.prefix(layer), inner, false));
  }

  private static NormSpec.Kind norm(ModelConfig config) {
    String type = config.text("norm_type").orElse("layernorm");
    return switch (type) {
      case "layernorm" -> NormSpec.Kind.LAYER;
      case "rmsnorm" -> NormSpec.Kind.RMS;
      default -> throw config.unsupported("norm_type", type, "layernorm, rmsnorm");
    };
  }
}
