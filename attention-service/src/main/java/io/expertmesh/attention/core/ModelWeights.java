package io.expertmesh.attention.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.KvLayout;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
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
  private final List<RopeTable> ropes;
  private final List<LayerWeights> layers;
  private final Norm finalNorm;
  private final Projection head;

  private ModelWeights(
      ModelSpec spec,
      DType activations,
      int maxContext,
      EmbeddingTable embedding,
      List<RopeTable> ropes,
      List<LayerWeights> layers,
      Norm finalNorm,
      Projection head) {
    this.spec = spec;
    this.activations = activations;
    this.maxContext = maxContext;
    this.embedding = embedding;
    this.ropes = List.copyOf(ropes);
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
    List<LayerWeights> layers = new ArrayList<>();
    WeightPacker packer = new WeightPacker(checkpoint, kernels, activations, arena);
    int steps = spec.layers().size() + 1;
    for (LayerSpec layer : spec.layers()) {
      layers.add(packer.layer(layer));
      progress.accept((double) layers.size() / steps);
    }
    List<RopeTable> ropes =
        packer.ropes().stream().map(rope -> RopeTable.of(rope, maxContext)).toList();
    Projection head = packer.projection(spec.head().linear());
    Norm finalNorm = packer.norm(spec.finalNorm());
    EmbeddingTable embedding =
        new EmbeddingTable(checkpoint.matrix(spec.embedding().table()), spec.embedding().scale());
    progress.accept(1);
    return new ModelWeights(
        spec, activations, maxContext, embedding, ropes, layers, finalNorm, head);
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
      bytes += layer.bytes();
    }
    return bytes;
  }

  /**
   * A number that is equal for prompts whose common prefix has equal keys: not always the case
   * where rotary angles depend on the length of the prompt.
   */
  public int prefixRegime(int promptLength) {
    int regime = 0;
    for (RopeTable rope : ropes) {
      regime = Math.max(regime, rope.regime(promptLength));
    }
    return regime;
  }

  /** Feed-forward networks that are computed here, in the order of layers. */
  List<FeedForward> localNetworks() {
    List<FeedForward> networks = new ArrayList<>();
    for (LayerWeights layer : layers) {
      switch (layer.channel()) {
        case ChannelWeights.Dense dense -> networks.add(dense.network());
        case ChannelWeights.Routed routed -> routed.shared().ifPresent(networks::add);
      }
    }
    return networks;
  }

  /** Floats of scratch that let four heads attend together to the longest context. */
  int attentionScratch() {
    return 4 * (maxContext + 2 * KvLayout.PAGE_TOKENS);
  }

  EmbeddingTable embedding() {
    return embedding;
  }

  List<RopeTable> ropes() {
    return ropes;
  }

  List<LayerWeights> layers() {
    return layers;
  }

  Norm finalNorm() {
    return finalNorm;
  }

  Projection head() {
    return head;
  }
}
