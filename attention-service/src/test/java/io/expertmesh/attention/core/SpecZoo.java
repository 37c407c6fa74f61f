package io.expertmesh.attention.core;

import io.expertmesh.model.core.Activation;
import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.core.ChannelMixer;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.EmbeddingSpec;
import io.expertmesh.model.core.GateSpec;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.HeadSpec;
import io.expertmesh.model.core.LatentAttentionSpec;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.Linear;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.NormSpec;
import io.expertmesh.model.core.PositionSpec;
import io.expertmesh.model.core.QueryKeyNorm;
import io.expertmesh.model.core.RopeScaling;
import io.expertmesh.model.core.RopeSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.core.TemporalMixer;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Small models that together use everything a spec can say; no family is quite like one of them.
 */
enum SpecZoo {
  /** Cohere's and PaLM's parallel block with all that it allows. */
  PARALLEL_DENSE {
    @Override
    LayerSpec layer(int i) {
      AttentionSpec attention =
          new AttentionSpec(
              6,
              2,
              12,
              new RopeSpec(10_000, 8, true, new RopeScaling.Linear(2)),
              OptionalInt.empty(),
              0.3f,
              OptionalDouble.of(3),
              Optional.empty(),
              Optional.of(
                  new QueryKeyNorm(
                      QueryKeyNorm.Scope.EACH_HEAD, layerNorm(i + ".qn", 72), rms(i + ".kn", 24))),
              OptionalDouble.empty(),
              biased(i + ".q", 72, HIDDEN),
              linear(i + ".k", 24, HIDDEN),
              biased(i + ".v", 24, HIDDEN),
              biased(i + ".o", HIDDEN, 72));
      Activation activation = i == 0 ? new Activation.Gelu() : new Activation.QuickGelu();
      return parallel(
          i, layerNorm(i + ".n", HIDDEN), attention, biasedFfn(i + ".f", 33, activation), 0.7f);
    }

    @Override
    HeadSpec head() {
      return new HeadSpec(biased("head", VOCAB, HIDDEN), 0.5f, OptionalDouble.of(4));
    }
  },

  /** A parallel block whose channel mixer is routed, multi-query attention with linear biases. */
  PARALLEL_ROUTED {
    @Override
    LayerSpec layer(int i) {
      return parallel(
          i,
          layerNorm(i + ".n", HIDDEN),
          attention(i, 6, 1, 16, new PositionSpec.Alibi(), i == 1 ? 8 : 0),
          routed(i, Optional.empty()),
          1f);
    }
  },

  /** Sinks, alternating windows, YaRN, biases, a gated shared expert with biases. */
  SINKS {
    @Override
    LayerSpec layer(int i) {
      RopeScaling yarn = new RopeScaling.Yarn(32, 16, 32, 1, 1.35, false);
      AttentionSpec attention =
          new AttentionSpec(
              8,
              2,
              16,
              new RopeSpec(150_000, 16, false, yarn),
              i % 2 == 0 ? OptionalInt.of(8) : OptionalInt.empty(),
              0.25f,
              OptionalDouble.empty(),
              Optional.of(TensorRef.vector(i + ".sinks", 8)),
              Optional.of(
                  new QueryKeyNorm(
                      QueryKeyNorm.Scope.HEAD, rms(i + ".qn", 16), rms(i + ".kn", 16))),
              OptionalDouble.empty(),
              biased(i + ".q", 128, HIDDEN),
              biased(i + ".k", 32, HIDDEN),
              biased(i + ".v", 32, HIDDEN),
              biased(i + ".o", HIDDEN, 128));
      return sequential(
          i,
          attention,
          routed(
              i,
              Optional.of(
                  new RoutedFfn.SharedExpert(
                      biasedFfn(i + ".shared", 21, new Activation.ClampedSwiGlu(1.702f, 0.9f)),
                      Optional.of(TensorRef.matrix(i + ".sharedGate", 1, HIDDEN))))));
    }
  },

  /** Gemma 2: offset norms before and after, soft caps, a scaled embedding, partial rotation. */
  POST_NORMS {
    @Override
    LayerSpec layer(int i) {
      AttentionSpec attention =
          new AttentionSpec(
              4,
              2,
              16,
              new RopeSpec(10_000, 8, false, new RopeScaling.Llama3(8, 1, 4, 16)),
              i == 0 ? OptionalInt.of(5) : OptionalInt.empty(),
              0.2f,
              OptionalDouble.of(5),
              Optional.empty(),
              Optional.empty(),
              OptionalDouble.empty(),
              linear(i + ".q", 64, HIDDEN),
              linear(i + ".k", 32, HIDDEN),
              linear(i + ".v", 32, HIDDEN),
              linear(i + ".o", HIDDEN, 64));
      return new LayerSpec(
          i,
          offset(i + ".n1"),
          attention,
          Optional.of(offset(i + ".p1")),
          Optional.of(offset(i + ".n2")),
          i == 1 ? routed(i, Optional.empty()) : ffn(i + ".f", 48),
          Optional.of(offset(i + ".p2")),
          0.9f);
    }

    @Override
    HeadSpec head() {
      return new HeadSpec(linear("embedding", VOCAB, HIDDEN), 1, OptionalDouble.of(6));
    }
  },

  /** Latent attention with compressed queries, YaRN and an ungated shared expert. */
  LATENT {
    @Override
    LayerSpec layer(int i) {
      RopeScaling yarn = new RopeScaling.Yarn(4, 16, 32, 1, 1.1, true);
      LatentAttentionSpec attention =
          new LatentAttentionSpec(
              5,
              16,
              new RopeSpec(10_000, 8, true, yarn),
              12,
              24,
              0.25f,
              Optional.of(
                  new LatentAttentionSpec.CompressedQuery(
                      biased(i + ".qa", 20, HIDDEN), rms(i + ".qn", 20))),
              biased(i + ".qb", 5 * 24, 20),
              biased(i + ".kva", 32, HIDDEN),
              rms(i + ".kvn", 24),
              biased(i + ".kvb", 5 * 28, 24),
              biased(i + ".o", HIDDEN, 60));
      return sequential(
          i,
          attention,
          i == 0
              ? ffn(i + ".f", 40)
              : routed(
                  i,
                  Optional.of(
                      new RoutedFfn.SharedExpert(ffn(i + ".shared", 24), Optional.empty()))));
    }
  },

  /** Latent attention without a compressed query, beside ordinary attention. */
  LATENT_PLAIN {
    @Override
    LayerSpec layer(int i) {
      if (i == 1) {
        return sequential(i, attention(i, 4, 4, 12, new PositionSpec.None(), 0), ffn("f1", 31));
      }
      LatentAttentionSpec attention =
          new LatentAttentionSpec(
              8,
              10,
              RopeSpec.plain(10_000, 6),
              9,
              17,
              0.3f,
              Optional.empty(),
              linear(i + ".q", 8 * 16, HIDDEN),
              linear(i + ".kva", 23, HIDDEN),
              rms(i + ".kvn", 17),
              linear(i + ".kvb", 8 * 19, 17),
              linear(i + ".o", HIDDEN, 72));
      return sequential(i, attention, ffn(i + ".f", 40));
    }
  },

  /** Rotation that switches with the length, clipped projections, norms over all heads. */
  LONG_ROPE {
    @Override
    LayerSpec layer(int i) {
      RopeScaling scaling =
          new RopeScaling.LongRope(
              List.of(1.0, 1.1, 1.3, 1.5, 1.8, 2.0, 2.2, 2.5),
              List.of(1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 12.0, 16.0),
              16,
              1.0,
              1.24);
      AttentionSpec attention =
          new AttentionSpec(
              4,
              2,
              16,
              new RopeSpec(10_000, 16, false, scaling),
              OptionalInt.empty(),
              0.25f,
              OptionalDouble.empty(),
              Optional.empty(),
              Optional.of(
                  new QueryKeyNorm(
                      QueryKeyNorm.Scope.ALL_HEADS, rms(i + ".qn", 64), rms(i + ".kn", 32))),
              OptionalDouble.of(0.8),
              linear(i + ".q", 64, HIDDEN),
              linear(i + ".k", 32, HIDDEN),
              linear(i + ".v", 32, HIDDEN),
              linear(i + ".o", HIDDEN, 64));
      return sequential(i, attention, routed(i, Optional.empty()));
    }
  },

  /** Rotation that grows with the length, networks without gates. */
  DYNAMIC_ROPE {
    @Override
    LayerSpec layer(int i) {
      RopeSpec rope = new RopeSpec(10_000, 16, false, new RopeScaling.DynamicNtk(2, 16));
      return sequential(i, attention(i, 4, 2, 16, rope, 0), ungated(i + ".f", i));
    }
  };

  static final int HIDDEN = 40;
  static final int VOCAB = 96;
  private static final int EXPERTS = 5;

  abstract LayerSpec layer(int index);

  HeadSpec head() {
    return new HeadSpec(linear("head", VOCAB, HIDDEN), 1, OptionalDouble.empty());
  }

  /** The model. */
  ModelSpec spec() {
    return new ModelSpec(
        name(),
        HIDDEN,
        VOCAB,
        256,
        DType.F32,
        new EmbeddingSpec(TensorRef.matrix("embedding", VOCAB, HIDDEN), 1.5f),
        IntStream.range(0, 3).mapToObj(this::layer).toList(),
        this == PARALLEL_DENSE ? layerNorm("norm", HIDDEN) : rms("norm", HIDDEN),
        head(),
        List.of(),
        OptionalInt.empty());
  }

  static LayerSpec parallel(
      int i, NormSpec norm, TemporalMixer mixer, ChannelMixer channel, float scale) {
    Optional<NormSpec> none = Optional.empty();
    return new LayerSpec(i, norm, mixer, none, none, channel, none, scale);
  }

  static LayerSpec sequential(int i, TemporalMixer mixer, ChannelMixer channel) {
    return LayerSpec.preNorm(i, rms(i + ".n1", HIDDEN), mixer, rms(i + ".n2", HIDDEN), channel);
  }

  static AttentionSpec attention(
      int i, int heads, int kvHeads, int dim, PositionSpec position, int window) {
    return new AttentionSpec(
        heads,
        kvHeads,
        dim,
        position,
        window > 0 ? OptionalInt.of(window) : OptionalInt.empty(),
        0.3f,
        OptionalDouble.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalDouble.empty(),
        linear(i + ".q", heads * dim, HIDDEN),
        linear(i + ".k", kvHeads * dim, HIDDEN),
        linear(i + ".v", kvHeads * dim, HIDDEN),
        linear(i + ".o", HIDDEN, heads * dim));
  }

  static RoutedFfn routed(int i, Optional<RoutedFfn.SharedExpert> shared) {
    List<DenseFfn> experts = new ArrayList<>();
    for (int e = 0; e < EXPERTS; e++) {
      experts.add(ffn(i + ".expert" + e, 24));
    }
    return new RoutedFfn(
        GateSpec.of(
            GatingSpec.SoftmaxTopK.renormalized(2), TensorRef.matrix(i + ".gate", EXPERTS, HIDDEN)),
        experts,
        shared);
  }

  static DenseFfn ffn(String name, int inner) {
    return DenseFfn.swiGlu(
        inner,
        TensorRef.matrix(name + ".gate", inner, HIDDEN),
        TensorRef.matrix(name + ".up", inner, HIDDEN),
        TensorRef.matrix(name + ".down", HIDDEN, inner));
  }

  static DenseFfn biasedFfn(String name, int inner, Activation activation) {
    return new DenseFfn(
        inner,
        activation,
        Optional.of(biased(name + ".gate", inner, HIDDEN)),
        linear(name + ".up", inner, HIDDEN),
        biased(name + ".down", HIDDEN, inner));
  }

  /** A network without a gate, with another activation in every layer. */
  static DenseFfn ungated(String name, int layer) {
    int inner = 29;
    return new DenseFfn(
        inner,
        layer == 0 ? new Activation.Relu() : new Activation.GeluTanh(),
        Optional.empty(),
        biased(name + ".up", inner, HIDDEN),
        biased(name + ".down", HIDDEN, inner));
  }

  static Linear linear(String name, int outputs, int inputs) {
    return Linear.of(TensorRef.matrix(name, outputs, inputs));
  }

  static Linear biased(String name, int outputs, int inputs) {
    return new Linear(
        TensorRef.matrix(name, outputs, inputs),
        Optional.of(TensorRef.vector(name + ".bias", outputs)));
  }

  static NormSpec rms(String name, int width) {
    return NormSpec.rms(TensorRef.vector(name, width), 1e-5f);
  }

  static NormSpec offset(String name) {
    return new NormSpec(
        NormSpec.Kind.RMS_OFFSET, TensorRef.vector(name, HIDDEN), Optional.empty(), 1e-6f);
  }

  static NormSpec layerNorm(String name, int width) {
    return new NormSpec(
        NormSpec.Kind.LAYER,
        TensorRef.vector(name, width),
        Optional.of(TensorRef.vector(name + ".bias", width)),
        1e-5f);
  }
}
