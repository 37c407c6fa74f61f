package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.LatentAttentionSpec;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.Linear;
import io.expertmesh.model.core.NormSpec;
import io.expertmesh.model.core.PositionSpec;
import io.expertmesh.model.core.QueryKeyNorm;
import io.expertmesh.model.core.RopeSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.core.RowActivation;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;
import io.expertmesh.model.kernel.ScoreRule;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Reads the layers of a checkpoint into packed weights. */
final class WeightPacker {
  private final Checkpoint checkpoint;
  private final Kernels kernels;
  private final DType activations;
  private final Arena arena;
  private final List<RopeSpec> ropes = new ArrayList<>();

  WeightPacker(Checkpoint checkpoint, Kernels kernels, DType activations, Arena arena) {
    this.checkpoint = checkpoint;
    this.kernels = kernels;
    this.activations = activations;
    this.arena = arena;
  }

  /** The rotations that the layers packed so far use, in the order of their index. */
  List<RopeSpec> ropes() {
    return ropes;
  }

  LayerWeights layer(LayerSpec layer) {
    TemporalWeights temporal =
        switch (layer.temporalMixer()) {
          case AttentionSpec spec -> attention(spec);
          case LatentAttentionSpec spec -> latent(spec);
        };
    ChannelWeights channel =
        switch (layer.channelMixer()) {
          case DenseFfn dense -> new ChannelWeights.Dense(network(dense, Optional.empty()));
          case RoutedFfn routed ->
              new ChannelWeights.Routed(
                  routed.shared().map(shared -> network(shared.network(), shared.gate())),
                  routed.gate().policy().mostChoices(routed.experts().size()));
        };
    return new LayerWeights(
        norm(layer.temporalNorm()),
        temporal,
        join(temporal.output().bias(), layer.temporalPostNorm(), layer),
        layer.channelNorm().map(this::norm),
        channel,
        join(channel.bias(), layer.channelPostNorm(), layer));
  }

  private ResidualJoin join(float[] bias, Optional<NormSpec> postNorm, LayerSpec layer) {
    return new ResidualJoin(bias, postNorm.map(this::norm), layer.residualScale());
  }

  Norm norm(NormSpec spec) {
    return Norm.load(checkpoint, spec);
  }

  /** Linear maps of the same input, stacked. */
  Projection projection(Linear... maps) {
    return projection(List.of(maps));
  }

  private Projection projection(List<Linear> maps) {
    int outputs = maps.stream().mapToInt(map -> map.weight().rows()).sum();
    float[] bias = new float[maps.stream().anyMatch(m -> m.bias().isPresent()) ? outputs : 0];
    int at = 0;
    for (Linear map : maps) {
      if (map.bias().isPresent()) {
        float[] values = checkpoint.vector(map.bias().get());
        System.arraycopy(values, 0, bias, at, values.length);
      }
      at += map.weight().rows();
    }
    try (Arena decoded = Arena.ofConfined()) {
      List<WeightMatrix> matrices =
          maps.stream().map(map -> checkpoint.matrix(map.weight(), decoded)).toList();
      return new Projection(kernels.packStacked(matrices, activations, arena), bias);
    }
  }

  private TemporalWeights attention(AttentionSpec spec) {
    Optional<QueryKeyNorm> norms = spec.queryKeyNorm();
    return new TemporalWeights.Attention(
        spec,
        projection(spec.query(), spec.key(), spec.value()),
        norms.map(n -> headNorms(n.scope(), n.query(), spec.heads())).orElse(List.of()),
        norms.map(n -> headNorms(n.scope(), n.key(), spec.kvHeads())).orElse(List.of()),
        spec.position() instanceof RopeSpec rope ? Optional.of(rotary(rope)) : Optional.empty(),
        KvCache.layout(spec),
        rules(spec),
        projection(spec.output()));
  }

  /** The norms of a row of heads, one after the other. */
  private List<Norm> headNorms(QueryKeyNorm.Scope scope, NormSpec spec, int heads) {
    Norm norm = norm(spec);
    return switch (scope) {
      case HEAD -> Collections.nCopies(heads, norm);
      case ALL_HEADS -> List.of(norm);
      case EACH_HEAD -> {
        int dim = norm.width() / heads;
        List<Norm> parts = new ArrayList<>();
        for (int head = 0; head < heads; head++) {
          parts.add(norm.part(head * dim, dim));
        }
        yield parts;
      }
    };
  }

  private RotaryHeads rotary(RopeSpec spec) {
    int table = ropes.indexOf(spec);
    if (table < 0) {
      table = ropes.size();
      ropes.add(spec);
    }
    return RotaryHeads.of(spec, table);
  }

  private List<ScoreRule> rules(AttentionSpec spec) {
    float[] none = {};
    float[] sinks = spec.sinks().map(checkpoint::vector).orElse(none);
    float[] slopes =
        spec.position() instanceof PositionSpec.Alibi ? AlibiSlopes.of(spec.heads()) : none;
    int group = spec.heads() / spec.kvHeads();
    List<ScoreRule> rules = new ArrayList<>();
    for (int head = 0; head < spec.heads(); head += group) {
      rules.add(
          new ScoreRule(
              spec.scale(),
              (float) spec.softCap().orElse(0),
              slopes.length == 0 ? none : Arrays.copyOfRange(slopes, head, head + group),
              sinks.length == 0 ? none : Arrays.copyOfRange(sinks, head, head + group)));
    }
    return rules;
  }

  private TemporalWeights latent(LatentAttentionSpec spec) {
    List<PackedMatrix> absorbed = new ArrayList<>();
    List<PackedMatrix> values = new ArrayList<>();
    int dim = spec.plainDim() + spec.valueDim();
    try (Arena decoded = Arena.ofConfined()) {
      WeightMatrix expand = checkpoint.matrix(spec.expand().weight(), decoded);
      for (int head = 0; head < spec.heads(); head++) {
        WeightMatrix key = rows(expand, head * dim, spec.plainDim());
        absorbed.add(kernels.pack(transpose(key), activations, arena));
        WeightMatrix value = rows(expand, head * dim + spec.plainDim(), spec.valueDim());
        values.add(kernels.pack(value, activations, arena));
      }
    }
    Linear first = spec.queryDown().map(q -> q.down()).orElse(spec.query());
    return new TemporalWeights.Latent(
        spec,
        projection(first, spec.compress()),
        spec.queryDown().map(q -> norm(q.norm())),
        spec.queryDown().map(_ -> projection(spec.query())),
        norm(spec.compressedNorm()),
        rotary(spec.rope()),
        KvCache.layout(spec),
        absorbed,
        values,
        spec.expand().bias().map(bias -> valueBias(spec, bias)).orElse(new float[0]),
        projection(spec.output()));
  }

  /** The same bytes, read as input-major. */
  private static WeightMatrix transpose(WeightMatrix matrix) {
    int outputs = matrix.columns();
    int inputs = matrix.rows();
    return new WeightMatrix(matrix.dtype(), outputs, inputs, true, matrix.data());
  }

  private static WeightMatrix rows(WeightMatrix matrix, int from, int count) {
    if (matrix.transposed()) {
      throw new IllegalStateException("the expansion of latent attention is stored input-major");
    }
    long rowBytes = (long) matrix.columns() * matrix.dtype().bytes();
    return new WeightMatrix(
        matrix.dtype(),
        count,
        matrix.columns(),
        false,
        matrix.data().asSlice(from * rowBytes, count * rowBytes));
  }

  private float[] valueBias(LatentAttentionSpec spec, TensorRef bias) {
    float[] all = checkpoint.vector(bias);
    float[] values = new float[spec.heads() * spec.valueDim()];
    for (int head = 0; head < spec.heads(); head++) {
      int from = head * (spec.plainDim() + spec.valueDim()) + spec.plainDim();
      System.arraycopy(all, from, values, head * spec.valueDim(), spec.valueDim());
    }
    return values;
  }

  private FeedForward network(DenseFfn spec, Optional<TensorRef> outputGate) {
    List<Linear> upper = new ArrayList<>();
    spec.gate().ifPresent(upper::add);
    upper.add(spec.up());
    outputGate.ifPresent(gate -> upper.add(Linear.of(gate)));
    return new FeedForward(
        RowActivation.of(spec),
        spec.inner(),
        projection(upper),
        outputGate.isPresent(),
        projection(spec.down()));
  }
}
