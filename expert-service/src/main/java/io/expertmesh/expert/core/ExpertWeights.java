package io.expertmesh.expert.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.core.TensorNeeds;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** The packed weights of the experts of one shard. Immutable. */
public final class ExpertWeights {
  private final ShardSpec shard;
  private final int hidden;
  private final DType activations;
  private final long version;
  private final List<ExpertFfn> experts;

  private ExpertWeights(
      ShardSpec shard, int hidden, DType activations, long version, List<ExpertFfn> experts) {
    this.shard = shard;
    this.hidden = hidden;
    this.activations = activations;
    this.version = version;
    this.experts = List.copyOf(experts);
  }

  /** Is told after each expert how many of how many are packed. */
  @FunctionalInterface
  public interface Progress {
    /** {@code packed} of {@code total} experts are packed. */
    void packed(int packed, int total);
  }

  /** The tensors that {@link #pack} reads. */
  public static List<TensorRef> reads(ModelSpec spec, ShardSpec shard) {
    return shard.blocks().stream()
        .map(block -> spec.routed(block.layer()).orElseThrow().experts().get(block.expert()))
        .flatMap(expert -> TensorNeeds.expert(expert).stream())
        .toList();
  }

  /**
   * Packs the experts of a shard, and touches no other tensor. The checkpoint may be closed
   * afterwards.
   *
   * @param activations F32, or BF16 to round the rows at the input of every product
   * @param arena owner of the packed memory
   */
  public static ExpertWeights pack(
      Checkpoint checkpoint,
      ShardSpec shard,
      Kernels kernels,
      DType activations,
      Arena arena,
      Progress progress) {
    List<ExpertFfn> experts = new ArrayList<>();
    for (ShardSpec.Block block : shard.blocks()) {
      RoutedFfn routed = checkpoint.spec().routed(block.layer()).orElseThrow();
      DenseFfn ffn = routed.experts().get(block.expert());
      experts.add(ExpertFfn.pack(checkpoint, ffn, kernels, activations, arena));
      progress.packed(experts.size(), shard.blocks().size());
    }
    return new ExpertWeights(
        shard, checkpoint.spec().hiddenSize(), activations, checkpoint.weightsVersion(), experts);
  }

  /** Which experts these are. */
  public ShardSpec shard() {
    return shard;
  }

  /** Floats of a row. */
  public int hidden() {
    return hidden;
  }

  /** Type that rows are rounded to. */
  public DType activations() {
    return activations;
  }

  /** Version of the checkpoint's weights. */
  public long version() {
    return version;
  }

  /** Bytes that computing one row of every expert reads. */
  public long bytes() {
    return experts.stream().mapToLong(ExpertFfn::bytes).sum();
  }

  ExpertFfn expert(int block) {
    return experts.get(block);
  }

  /** Most values per row of a first product. */
  int maxWidth() {
    return experts.stream().mapToInt(ExpertFfn::width).max().orElse(0);
  }

  int maxInner() {
    return experts.stream().mapToInt(ExpertFfn::inner).max().orElse(0);
  }
}
