package io.expertmesh.model.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * gpt-oss: attention with sinks, every second layer over a window, experts with biases and a
 * clamped SwiGLU whose gate and up rows alternate (OpenAI 2025). Experts are stored in 4-bit blocks
 * as published, or input-major as plain numbers.
 */
final class GptOssFamily implements ModelFamily {
  private static final float ALPHA = 1.702f;
  private static final String DEFAULTS =
      """
      {"vocab_size": 201088, "hidden_size": 2880, "intermediate_size": 2880,
       "num_hidden_layers": 36, "num_attention_heads": 64, "num_key_value_heads": 8,
       "head_dim": 64, "hidden_act": "silu", "max_position_embeddings": 131072,
       "rms_norm_eps": 1e-5, "rope_theta": 150000.0, "sliding_window": 128,
       "num_local_experts": 128, "num_experts_per_tok": 4, "attention_bias": true,
       "swiglu_limit": 7.0,
       "rope_scaling": {"rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0,
         "beta_slow": 1.0, "truncate": false, "original_max_position_embeddings": 4096}}
      """;

  @Override
  public Set<String> modelTypes() {
    return Set.of("gpt_oss");
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    ModelConfig config = file.withDefaults(DEFAULTS);
    config.allowOnly("hidden_act", "silu");
    Decoder decoder = new Decoder(config, tensors);
    boolean bias = config.given("attention_bias");
    AttentionReader attention =
        new AttentionReader(decoder).types(WindowRules.even(decoder)).biases(bias, bias).sinks();
    ExpertCounts counts = ExpertCounts.read(config, "intermediate_size");
    Activation activation = activation(config);
    GatingSpec policy = new GatingSpec.TopKSoftmax(counts.k());
    int hidden = decoder.shape().hidden();
    return decoder.sequential(
        attention::read,
        layer -> {
          String block = Decoder.prefix(layer) + "mlp.";
          List<DenseFfn> experts =
              Stacks.read(tensors, block + "experts.", hidden, counts).networks(activation);
          Linear gate = tensors.linear(block + "router", counts.experts(), hidden, true);
          return new RoutedFfn(
              new GateSpec(policy, Optional.of(gate), Optional.empty()), experts, Optional.empty());
        });
  }

  /** The experts' gate. */
  static Activation activation(ModelConfig config) {
    return new Activation.ClampedSwiGlu(ALPHA, (float) config.number("swiglu_limit"));
  }

  /** The stacked tensors of a layer's experts. */
  record Stacks(
      ExpertCounts counts,
      TensorCatalog.Stack gateUp,
      TensorCatalog.Stack gateUpBias,
      TensorCatalog.Stack down,
      TensorCatalog.Stack downBias) {
    static Stacks read(TensorCatalog tensors, String prefix, int hidden, ExpertCounts counts) {
      int experts = counts.experts();
      int both = 2 * counts.inner();
      boolean packed =
          tensors.has(prefix + "gate_up_proj_blocks")
              || tensors.quantization() instanceof Quantization.Mxfp4;
      TensorCatalog.Stack gateUp =
          packed
              ? packed(tensors, prefix + "gate_up_proj", experts, both, hidden)
              : tensors.transposedStack(prefix + "gate_up_proj", experts, both, hidden);
      TensorCatalog.Stack down =
          packed
              ? packed(tensors, prefix + "down_proj", experts, hidden, counts.inner())
              : tensors.transposedStack(prefix + "down_proj", experts, hidden, counts.inner());
      return new Stacks(
          counts,
          gateUp,
          tensors.vectors(prefix + "gate_up_proj_bias", experts, both),
          down,
          tensors.vectors(prefix + "down_proj_bias", experts, hidden));
    }

    private static TensorCatalog.Stack packed(
        TensorCatalog tensors, String name, int experts, int rows, int columns) {
      return tensors.mxfp4(name + "_blocks", name + "_scales", experts, rows, columns);
    }

    /** The experts: even rows of the stack are gates, odd ones go up. */
    List<DenseFfn> networks(Activation activation) {
      int inner = counts.inner();
      List<DenseFfn> networks = new ArrayList<>();
      for (int e = 0; e < counts.experts(); e++) {
        networks.add(
            new DenseFfn(
                inner,
                activation,
                Optional.of(linear(gateUp.rows(e, 0, 2, inner), gateUpBias.rows(e, 0, 2, inner))),
                linear(gateUp.rows(e, 1, 2, inner), gateUpBias.rows(e, 1, 2, inner)),
                linear(down.slice(e), downBias.slice(e))));
      }
      return networks;
    }

    private static Linear linear(TensorRef weight, TensorRef bias) {
      return new Linear(weight, Optional.of(bias));
    }
  }
}
