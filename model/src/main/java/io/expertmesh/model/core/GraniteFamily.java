package io.expertmesh.model.core;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Granite, dense and with experts: Llama's decoder with factors on embeddings, residuals, scores
 * and logits (IBM 2024). Experts are stacked, gates before ups; a shared one may run beside them.
 */
final class GraniteFamily implements ModelFamily {
  private static final String DEFAULTS =
      """
      {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008,
       "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
       "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "bos_token_id": 1,
       "eos_token_id": 2, "rope_theta": 10000.0, "attention_bias": false, "mlp_bias": false,
       "embedding_multiplier": 1.0, "logits_scaling": 1.0, "residual_multiplier": 1.0,
       "attention_multiplier": 1.0, "num_local_experts": 8, "num_experts_per_tok": 2,
       "shared_intermediate_size": 0}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("granite", "granitemoe", "granitemoeshared");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    Decoder decoder =
        new Decoder(config, tensors)
            .embeddingScale(config.number("embedding_multiplier"))
            .residualScale(config.number("residual_multiplier"))
            .logits(1 / config.number("logits_scaling"), OptionalDouble.empty());
    boolean bias = config.given("attention_bias");
    AttentionReader attention =
        new AttentionReader(decoder)
            .biases(bias, bias)
            .scale(config.number("attention_multiplier"));
    return decoder.sequential(
        attention::read,
        switch (config.text("model_type").orElseThrow()) {
          case "granite" -> dense(decoder)::read;
          case "granitemoe" -> new Routed(decoder, 0)::read;
          default -> new Routed(decoder, config.natural("shared_intermediate_size"))::read;
        });
  }

  private static Dense dense(Decoder decoder) {
    ModelConfig config = decoder.config();
    return new Dense(
        FeedForwards.of(decoder), config.positive("intermediate_size"), config.given("mlp_bias"));
  }

  /** The feed-forward blocks of the dense models. */
  private record Dense(FeedForwards networks, int inner, boolean bias) {
    ChannelMixer read(int layer) {
      return networks.dense(Decoder.prefix(layer) + "mlp.", inner, bias);
    }
  }

  /** The routed blocks; {@code sharedInner} is the width of the shared expert, 0 for none. */
  private record Routed(
      Decoder decoder, FeedForwards networks, ExpertCounts counts, int sharedInner) {
    Routed(Decoder decoder, int sharedInner) {
      this(
          decoder,
          FeedForwards.of(decoder),
          ExpertCounts.read(decoder.config(), "intermediate_size"),
          sharedInner);
    }

    ChannelMixer read(int layer) {
      String block = Decoder.prefix(layer) + "block_sparse_moe.";
      GatingSpec policy = new GatingSpec.TopKSoftmax(counts.k());
      var experts =
          networks.fused(
              block + "input_linear.weight",
              block + "output_linear.weight",
              counts.experts(),
              counts.inner());
      TensorRef gate =
          decoder
              .tensors()
              .matrix(block + "router.layer.weight", counts.experts(), decoder.shape().hidden());
      RoutedFfn routed = new RoutedFfn(GateSpec.of(policy, gate), experts, Optional.empty());
      if (sharedInner == 0) {
        return routed;
      }
      DenseFfn network =
          networks.halves(
              Decoder.prefix(layer) + "shared_mlp.input_linear.weight",
              Decoder.prefix(layer) + "shared_mlp.output_linear.weight",
              sharedInner);
      return routed.withShared(new RoutedFfn.SharedExpert(network, Optional.empty()));
    }
  }
}
