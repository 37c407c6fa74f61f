package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.LatentAttentionSpec;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.NormSpec;
import io.expertmesh.model.core.RopeSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;

/**
 * The part of a model that the attention service computes, packed: everything except gates and
 * routed experts. The embedding is not packed but read row by row from the mapped checkpoint, which
 * must stay open.
 */
public final class ModelWeights {
  private final ModelSpec spec;
  private final DType activations;
  private final int maxContext;
  private final EmbeddingTable embedding;
  private final List<LayerWeights> layers;
  private final LayerWeights.Norm finalNorm;
  private final PackedMatrix head;

  private ModelWeights(
      ModelSpec spec,
      DType activations,
      int maxContext,
      EmbeddingTable embedding,
      List<LayerWeights> layers,
      LayerWeights.Norm finalNorm,
      PackedMatrix head) {
    this.spec = spec;
    this.activations = activations;
    this.maxContext = maxContext;
    this.embedding = embedding;
    this.layers = List.copyOf(layers);
    this.finalNorm = finalNorm;
    this.head = head;
  }

  /**
   * Reads and packs.
   *
   * @param activations F32 or BF16: what rows are rounded to before every product
   * @param maxContext positions that rotary tables are made for
   * @param arena owner of the packed memory
   * @param progress told the fraction done, 0 to 1
   */
  public static ModelWeights load(
      Checkpoint checkpoint,
      Kernels kernels,
      DType activations,
      int maxContext,
      Arena arena,
      DoubleConsumer progress) {
    ModelSpec spec = checkpoint.spec();
    Map<RopeSpec, RopeTable> ropes = new HashMap<>();
    List<LayerWeights> layers = new ArrayList<>();
    Packer packer = new Packer(checkpoint, kernels, activations, arena);
    int steps = spec.layers().size() + 1;
    for (LayerSpec layer : spec.layers()) {
      layers.add(packer.layer(layer, ropes, maxContext));
      progress.accept((double) layers.size() / steps);
    }
    PackedMatrix head =
        kernels.pack(checkpoint.matrix(spec.head().linear().weight()), activations, arena);
    LayerWeights.Norm finalNorm = packer.norm(spec.finalNorm());
    EmbeddingTable embedding = new EmbeddingTable(checkpoint.matrix(spec.embedding().table()));
    progress.accept(1);
    return new ModelWeights(spec, activations, maxContext, embedding, layers, finalNorm, head);
  }

  /** What the model is. */
  public ModelSpec spec() {
    return spec;
  }

  /** What rows are rounded to. */
  public DType activations() {
    return activations;
  }

  /** Positions a sequence may have at most. */
  public int maxContext() {
    return maxContext;
  }

  /** Bytes of packed weights that a step with at least one sampled row reads here. */
  public long bytesPerStep() {
    long bytes = head.bytes();
    for (LayerWeights layer : layers) {
      bytes += layer.queryKeyValue().bytes() + layer.output().bytes();
      bytes +=
          switch (layer.channel()) {
            case ChannelWeights.Dense dense -> dense.gateUp().bytes() + dense.down().bytes();
            case ChannelWeights.Routed _ -> 0;
          };
    }
    return bytes;
  }

  EmbeddingTable embedding() {
    return embedding;
  }

  List<LayerWeights> layers() {
    return layers;
  }

  LayerWeights.Norm finalNorm() {
    return finalNorm;
  }

  PackedMatrix head() {
    return head;
  }

  private record Packer(Checkpoint checkpoint, Kernels kernels, DType activations, Arena arena) {
    LayerWeights layer(LayerSpec layer, Map<RopeSpec, RopeTable> ropes, int maxContext) {
      AttentionSpec attention =
          switch (layer.temporalMixer()) {
            case AttentionSpec spec -> spec;
            case LatentAttentionSpec _ -> throw new IllegalStateException("latent attention");
          };
      return new LayerWeights(
          norm(layer.temporalNorm()),
          attention,
          kernels.packStacked(
              List.of(
                  checkpoint.matrix(attention.query().weight()),
                  checkpoint.matrix(attention.key().weight()),
                  checkpoint.matrix(attention.value().weight())),
              activations,
              arena),
          kernels.pack(checkpoint.matrix(attention.output().weight()), activations, arena),
          ropes.computeIfAbsent(
              (RopeSpec) attention.position(), rope -> RopeTable.of(rope, maxContext)),
          norm(layer.channelNorm().orElseThrow()),
          channel(layer));
    }

    LayerWeights.Norm norm(NormSpec norm) {
      return new LayerWeights.Norm(checkpoint.vector(norm.weight()), norm.eps());
    }

    private ChannelWeights channel(LayerSpec layer) {
      return switch (layer.channelMixer()) {
        case DenseFfn dense ->
            new ChannelWeights.Dense(
                kernels.packStacked(
                    List.of(
                        checkpoint.matrix(dense.gate().orElseThrow().weight()),
                        checkpoint.matrix(dense.up().weight())),
                    activations,
                    arena),
                kernels.pack(checkpoint.matrix(dense.down().weight()), activations, arena),
                dense.inner());
        case RoutedFfn _ -> new ChannelWeights.Routed();
      };
    }
  }
}
