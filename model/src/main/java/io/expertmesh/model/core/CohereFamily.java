package io.expertmesh.model.core;

import java.util.OptionalDouble;
import java.util.Set;

/**
 * Cohere's Command models: attention and feed-forward block read the same normed rows, as in PaLM
 * (Chowdhery et al. 2022); LayerNorm without a bias, interleaved rotation, scaled logits. In the
 * second generation most layers slide over a window; the others see everything, without positions.
 */
final class CohereFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528,
       "num_hidden_layers": 40, "num_attention_heads": 64, "hidden_act": "silu",
       "max_position_embeddings": 8192, "layer_norm_eps": 1e-5, "bos_token_id": 5,
       "eos_token_id": 255001, "tie_word_embeddings": true, "rope_theta": 10000.0,
       "attention_bias": false, "use_qk_norm": false, "logit_scale": 0.0625,
       "sliding_window": 4096, "sliding_window_pattern": 4}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("cohere", "cohere2");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    boolean second = file.text("model_type").filter("cohere2"::equals).isPresent();
    ModelConfig config = file.withDefaults(DEFAULTS);
    Decoder decoder =
        new Decoder(config, tensors)
            .norms(NormSpec.Kind.LAYER, "layer_norm_eps", false)
            .logits(config.number("logit_scale"), OptionalDouble.empty());
    int pattern = config.positive("sliding_window_pattern");
    LayerTypes types =
        second
            ? WindowRules.read(decoder, layer -> (layer + 1) % pattern != 0)
            : WindowRules.never(decoder);
    boolean bias = config.given("attention_bias");
    AttentionReader attention =
        new AttentionReader(decoder).interleaved().types(types).biases(bias, bias);
    if (config.given("use_qk_norm")) {
      attention.queryKeyNorm(QueryKeyNorm.Scope.EACH_HEAD);
    }
    if (second) {
      attention.positionsIn(types::slides);
    }
    FeedForwards networks = FeedForwards.of(decoder);
    int inner = config.positive("intermediate_size");
    return decoder.parallel(
        attention::read, layer -> networks.dense(Decoder.prefix(layer) + "mlp.", inner, false));
  }
}
