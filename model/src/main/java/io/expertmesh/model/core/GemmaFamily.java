package io.expertmesh.model.core;

import io.expertmesh.model.kernel.BFloat16;
import io.expertmesh.model.kernel.DType;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Gemma 1 and 2: norm weights stored as offsets from one, embeddings scaled by the root of their
 * width, GeGLU; the second also normalises what mixers add, caps scores and logits, and lets every
 * second layer slide over a window (Gemma Team 2024).
 */
final class GemmaFamily implements ModelFamily {
  private static final String ACTIVATION = "hidden_activation";

  private static final String FIRST =
      """
      {"vocab_size": 256000, "hidden_size": 3072, "intermediate_size": 24576,
       "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 16,
       "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
       "max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "bos_token_id": 2,
       "eos_token_id": 1, "tie_word_embeddings": true, "rope_theta": 10000.0,
       "attention_bias": false}
      """;
  private static final String SECOND =
      """
      {"vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216,
       "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
       "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
       "max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "bos_token_id": 2,
       "eos_token_id": 1, "tie_word_embeddings": true, "rope_theta": 10000.0,
       "attention_bias": false, "query_pre_attn_scalar": 256, "sliding_window": 4096,
       "final_logit_softcapping": 30.0, "attn_logit_softcapping": 50.0}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma", "gemma2");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    boolean second = file.text("model_type").filter("gemma2"::equals).isPresent();
    ModelConfig config = file.withDefaults(second ? SECOND : FIRST);
    Decoder decoder =
        new Decoder(config, tensors).norms(NormSpec.Kind.RMS_OFFSET, "rms_norm_eps", false);
    decoder.embeddingScale(embeddingScale(decoder));
    boolean bias = config.given("attention_bias");
    AttentionReader attention = new AttentionReader(decoder).biases(bias, bias);
    FeedForwards networks = FeedForwards.of(decoder, second ? ACTIVATION : activationKey(config));
    int inner = config.positive("intermediate_size");
    if (!second) {

      return decoder.sequential(
          attention::read, layer -> networks.dense(Decoder.prefix(layer) + "mlp.", inner, false));
    }
    attention
        .types(WindowRules.even(decoder))
        .scale(1 / Math.sqrt(config.number("query_pre_attn_scalar")))
        .softCap(config.optionalNumber("attn_logit_softcapping"));
    decoder.logits(
        1,
        config
            .optionalNumber("final_logit_softcapping")
            .map(OptionalDouble::of)
            .orElse(OptionalDouble.empty()));
    return decoder.spec(
        layer ->
            decoder.layer(
                layer,
                attention::read,
                Optional.of("post_attention_layernorm"),
                Optional.of("pre_feedforward_layernorm"),
                l -> networks.dense(Decoder.prefix(l) + "mlp.", inner, false),
                Optional.of("post_feedforward_layernorm")));
  }

  /**
   * The key that names the activation of the first generation. Early configs say {@code gelu} in
   * {@code hidden_act} alone, but those models were trained with the tanh form, which is the
   * default.
   */
  private static String activationKey(ModelConfig config) {
    boolean old =
        !config.has(ACTIVATION)
            && config.has("hidden_act")
            && !config.text("hidden_act").equals(Optional.of("gelu"));
    return old ? "hidden_act" : ACTIVATION;
  }

  /** The root of the width, at the precision that the model is stored in. */
  private static float embeddingScale(Decoder decoder) {
    float exact = (float) Math.sqrt(decoder.shape().hidden());
    return decoder.storedDtype() == DType.BF16 ? BFloat16.round(exact) : exact;
  }
}
