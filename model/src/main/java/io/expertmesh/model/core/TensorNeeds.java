package io.expertmesh.model.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which tensors of a model a service reads. */
@FunctionalInterface
public interface TensorNeeds {
  /** Everything that is read, in any order; the same tensor may be named twice. */
  List<TensorRef> of(ModelSpec spec);

  /** One routed expert. */
  static List<TensorRef> expert(DenseFfn expert) {
    return new Reads().ffn(expert).refs;
  }

  /** The gates, which routers read. */
  static List<TensorRef> gates(ModelSpec spec) {
    Reads reads = new Reads();
    for (int layer : spec.routedLayers()) {
      GateSpec gate = spec.routed(layer).orElseThrow().gate();
      gate.projection().ifPresent(reads::linear);
      gate.table().ifPresent(reads.refs::add);
    }
    return reads.refs;
  }

  /** All that is neither gate nor routed expert, which attention-services read. */
  static List<TensorRef> rest(ModelSpec spec) {
    Reads reads = new Reads();
    reads.refs.add(spec.embedding().table());
    reads.linear(spec.head().linear()).norm(spec.finalNorm());
    for (LayerSpec layer : spec.layers()) {
      reads.norm(layer.temporalNorm()).temporal(layer.temporalMixer());
      layer.temporalPostNorm().ifPresent(reads::norm);
      layer.channelNorm().ifPresent(reads::norm);
      layer.channelPostNorm().ifPresent(reads::norm);
      switch (layer.channelMixer()) {
        case DenseFfn dense -> reads.ffn(dense);
        case RoutedFfn routed -> routed.shared().ifPresent(reads::shared);
      }
    }
    return reads.refs;
  }

  /** What parts of a model are made of. */
  final class Reads {
    private final List<TensorRef> refs = new ArrayList<>();

    private Reads() {}

    private Reads linear(Linear linear) {
      refs.add(linear.weight());
      linear.bias().ifPresent(refs::add);
      return this;
    }

    private Reads norm(NormSpec norm) {
      refs.add(norm.weight());
      norm.bias().ifPresent(refs::add);
      return this;
    }

    private Reads ffn(DenseFfn ffn) {
      ffn.gate().ifPresent(this::linear);
      return linear(ffn.up()).linear(ffn.down());
    }

    private Reads shared(RoutedFfn.SharedExpert shared) {
      Optional<TensorRef> gate = shared.gate();
      gate.ifPresent(refs::add);
      return ffn(shared.network());
    }

    private Reads temporal(TemporalMixer mixer) {
      return switch (mixer) {
        case AttentionSpec a -> {
          a.sinks().ifPresent(refs::add);
          a.queryKeyNorm().ifPresent(n -> norm(n.query()).norm(n.key()));
          yield linear(a.query()).linear(a.key()).linear(a.value()).linear(a.output());
        }
        case LatentAttentionSpec a -> {
          a.queryDown().ifPresent(q -> linear(q.down()).norm(q.norm()));
          linear(a.query()).linear(a.compress()).norm(a.compressedNorm());
          yield linear(a.expand()).linear(a.output());
        }
      };
    }
  }
}
