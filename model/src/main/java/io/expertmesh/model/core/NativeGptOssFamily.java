package io.expertmesh.model.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * gpt-oss as OpenAI publishes it beside the converted form: a config without {@code model_type},
 * queries, keys and values in one tensor, names of its own. What is computed is the same as in
 * {@link GptOssFamily}.
 */
final class NativeGptOssFamily implements ModelFamily {
  private static final String MARK = "rope_ntk_alpha";
  private static final String DEFAULTS = "{\"swiglu_limit\": 7.0}";

  /** True if the config is one of this form. */
  static boolean knows(ModelConfig config) {
    return !config.has("model_type") && config.has(MARK);
  }

  /** None: the config has no such key. */
  @Override
  public Set<String> modelTypes() {
    return Set.of();
  }

  @Override
  public ModelSpec describe(ModelConfig file, TensorCatalog tensors) {
    return new Reader(file.withDefaults(DEFAULTS), tensors).spec();
  }

  /** Reads one checkpoint. */
  private static final class Reader {
    private final ModelConfig config;
    private final TensorCatalog tensors;
    private final DecoderShape shape;
    private final ExpertCounts counts;
    private final RopeSpec rope;
    private final Activation activation;
    private final int window;

    Reader(ModelConfig config, TensorCatalog tensors) {
      this.config = config;
      this.tensors = tensors;
      shape = DecoderShape.read(config);
      counts = ExpertCounts.read(config, "intermediate_size");
      activation = GptOssFamily.activation(config);
      window = config.positive("sliding_window");
      double factor = config.number("rope_scaling_factor");
      RopeScaling yarn =
          new RopeScaling.Yarn(
              factor,
              config.positive("initial_context_length"),
              config.number("rope_ntk_beta"),
              config.number(MARK),
              RopeConfig.magnitude(factor, 1),
              false);
      rope = new RopeSpec(config.number("rope_theta"), shape.headDim(), false, yarn);
    }

    private ModelSpec spec() {
      TensorRef embedding = tensors.matrix("embedding.weight", shape.vocab(), shape.hidden());
      List<LayerSpec> layers = new ArrayList<>();
      for (int layer = 0; layer < shape.layers(); layer++) {
        String prefix = "block." + layer + ".";
        layers.add(
            LayerSpec.preNorm(
                layer,
                norm(prefix + "attn.norm.scale"),
                attention(prefix + "attn.", layer),
                norm(prefix + "mlp.norm.scale"),
                routed(prefix + "mlp.")));
      }
      TensorRef head = tensors.matrix("unembedding.weight", shape.vocab(), shape.hidden());
      double positions =
          config.positive("initial_context_length") * config.number("rope_scaling_factor");
      return new ModelSpec(
          "gpt_oss",
          shape.hidden(),
          shape.vocab(),
          (int) positions,
          tensors.dtype("embedding.weight"),
          new EmbeddingSpec(embedding, 1),
          layers,
          norm("norm.scale"),
          new HeadSpec(Linear.of(head), 1, OptionalDouble.empty()),
          config.integers("eos_token_id"),
          OptionalInt.empty());
    }

    private NormSpec norm(String name) {
      return NormSpec.rms(tensors.vector(name, shape.hidden()), 1e-5f);
    }

    private AttentionSpec attention(String prefix, int layer) {
      int all = shape.queries() + 2 * shape.keys();
      Linear fused = tensors.linear(prefix + "qkv", all, shape.hidden(), true);
      return new AttentionSpec(
          shape.heads(),
          shape.kvHeads(),
          shape.headDim(),
          rope,
          layer % 2 == 0 ? OptionalInt.of(window) : OptionalInt.empty(),
          (float) (1 / Math.sqrt(shape.headDim())),
          OptionalDouble.empty(),
          Optional.of(tensors.vector(prefix + "sinks", shape.heads())),
          Optional.empty(),
          OptionalDouble.empty(),
          part(fused, 0, shape.queries()),
          part(fused, shape.queries(), shape.keys()),
          part(fused, shape.queries() + shape.keys(), shape.keys()),
          tensors.linear(prefix + "out", shape.hidden(), shape.queries(), true));
    }

    /** Some outputs of a linear map. */
    private static Linear part(Linear whole, int from, int rows) {
      return new Linear(
          rows(whole.weight(), from, rows), whole.bias().map(b -> rows(b, from, rows)));
    }

    private static TensorRef rows(TensorRef whole, int from, int rows) {
      return new TensorCatalog.Stack(whole).rows(-1, from, 1, rows);
    }

    private RoutedFfn routed(String prefix) {
      int hidden = shape.hidden();
      int experts = counts.experts();
      int both = 2 * counts.inner();
      List<DenseFfn> networks =
          new GptOssFamily.Stacks(
                  counts,
                  packed(prefix + "mlp1_weight", both, hidden),
                  tensors.vectors(prefix + "mlp1_bias", experts, both),
                  packed(prefix + "mlp2_weight", hidden, counts.inner()),
                  tensors.vectors(prefix + "mlp2_bias", experts, hidden))
              .networks(activation);
      Linear gate = tensors.linear(prefix + "gate", experts, hidden, true);
      return new RoutedFfn(
          new GateSpec(new GatingSpec.TopKSoftmax(counts.k()), Optional.of(gate), Optional.empty()),
          networks,
          Optional.empty());
    }

    private TensorCatalog.Stack packed(String name, int rows, int columns) {
      return tensors.mxfp4(name + ".blocks", name + ".scales", counts.experts(), rows, columns);
    }
  }
}
