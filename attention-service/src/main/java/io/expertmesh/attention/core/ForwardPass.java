package io.expertmesh.attention.core;

import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/**
 * One step of the batch through the model, layer by layer. Everything is computed row by row in the
 * sense that a row's bits do not depend on which other rows are there, so batch composition,
 * chunking, preemption and prefix reuse never change a result.
 *
 * <p>A large step is cut into two micro-batches: while the experts work on the rows of one, the
 * attention of the other is computed. The cut goes between sequences where a gating policy assigns
 * the rows of a prompt together. All buffers are made once.
 */
public final class ForwardPass implements StepModel {
  /** Below this many rows, reading the weights twice costs more than overlapping gains. */
  private static final int MIN_ROWS_PER_HALF = 128;

  private final ModelWeights weights;
  private final Kernels kernels;
  private final ComputePool pool;
  private final RoutedLayers routed;
  private final MicroBatchMode mode;
  private final int hidden;
  private final MicroBatch first;
  private final MicroBatch second;
  private final AttentionBlock attention;
  private final LatentBlock latent;
  private final FeedForwardBlock feedForward;
  private final HeadBlock head;
  private final float[] mixed;

  /**
   * @param routed where routed blocks are computed
   * @param maxRows most rows of a step
   */
  public ForwardPass(
      ModelWeights weights,
      Kernels kernels,
      ComputePool pool,
      KvCache cache,
      RoutedLayers routed,
      MicroBatchMode mode,
      int maxRows) {
    this.weights = weights;
    this.kernels = kernels;
    this.pool = pool;
    this.routed = routed;
    this.mode = mode;
    this.hidden = weights.spec().hiddenSize();
    first = new MicroBatch(maxRows, weights);
    second = new MicroBatch((maxRows + 1) / 2, weights);
    attention = new AttentionBlock(weights, kernels, pool, cache, maxRows);
    latent = new LatentBlock(weights, kernels, pool, cache, maxRows);
    feedForward = new FeedForwardBlock(weights, kernels, pool, maxRows);
    mixed = new float[maxRows * hidden];
    head = new HeadBlock(weights, kernels, pool, maxRows);
  }

  @Override
  public OptionalInt wholeRows() {
    ModelSpec spec = weights.spec();
    return spec.wholePrompts()
        ? OptionalInt.of(routed.wholeRows(spec.mostChoices()))
        : OptionalInt.empty();
  }

  @Override
  public void run(StepPlan plan, StepResult result, LogitSink sink) {
    fill(plan, result);
    embed(first);
    embed(second);
    List<LayerWeights> layers = weights.layers();
    for (int layer = 0; layer < layers.size(); layer++) {
      advance(first, layer, layers.get(layer), plan, result);
      advance(second, layer, layers.get(layer), plan, result);
    }
    collect(first, result);
    collect(second, result);
    head.discard();
    finish(first, plan, result, sink);
    finish(second, plan, result, sink);
    head.flush(sink);
  }

  private void fill(StepPlan plan, StepResult result) {
    first.clear();
    second.clear();
    int firstRows = split(plan.rows()) ? plan.rows() - plan.rows() / 2 : plan.rows();
    boolean whole = weights.spec().wholePrompts();
    List<Chunk> chunks = plan.chunks();
    for (int c = 0; c < chunks.size(); c++) {
      Chunk chunk = chunks.get(c);
      int prompt = chunk.promptCount();
      MicroBatch batch = first.rows < firstRows ? first : second;
      for (int position = chunk.first(); position < chunk.end(); position++) {
        if (!whole) {
          batch = first.rows < firstRows ? first : second;
        }
        batch.add(c, chunk.sequence(), position, prompt);
        batch.routingWanted |= result.routing().wants(c, position);
      }
    }
  }

  private boolean split(int rows) {
    return switch (mode) {
      case ONE -> false;
      case TWO -> rows > 1;
      case AUTO -> rows >= 2 * MIN_ROWS_PER_HALF && !weights.spec().routedLayers().isEmpty();
    };
  }

  private void embed(MicroBatch batch) {
    for (int row = 0; row < batch.rows; row++) {
      weights.embedding().read(batch.tokens[row], batch.residual, row * hidden);
    }
  }

  /** Takes a micro-batch from the end of the layer before to this layer's experts. */
  private void advance(
      MicroBatch batch, int index, LayerWeights layer, StepPlan plan, StepResult result) {
    collect(batch, result);
    batch.compact(result);
    if (batch.rows == 0) {
      return;
    }
    normalize(batch, layer.temporalNorm());
    if (layer.channelNorm().isEmpty()) {
      submit(batch, index, layer, plan);
      mixTime(batch, index, layer, plan.chunks());
    } else {
      mixTime(batch, index, layer, plan.chunks());
      normalize(batch, layer.channelNorm().get());
      submit(batch, index, layer, plan);
    }
    computeHere(batch, layer);
  }

  private void normalize(MicroBatch batch, Norm norm) {
    boolean round = weights.activations() == DType.BF16;
    RowLoop.run(
        pool,
        batch.rows,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            norm.apply(kernels, batch.residual, r * hidden, batch.input, r * hidden);
          }
          if (round) {
            kernels.roundToBf16(batch.input, from * hidden, (to - from) * hidden);
          }
        });
  }

  private void mixTime(MicroBatch batch, int index, LayerWeights layer, List<Chunk> chunks) {
    switch (layer.temporal()) {
      case TemporalWeights.Attention w -> attention.run(batch, index, w, chunks, mixed);
      case TemporalWeights.Latent w -> latent.run(batch, index, w, chunks, mixed);
    }
    join(batch, layer.temporalJoin(), mixed);
  }

  /** Sends the batch's normed input to the layer's experts, if it has any. */
  private void submit(MicroBatch batch, int index, LayerWeights layer, StepPlan plan) {
    if (layer.channel() instanceof ChannelWeights.Routed block) {
      RoutedCall call =
          routed.submit(
              new RoutedBatch(
                  index,
                  batch.input,
                  batch.rows,
                  batch.tokens,
                  batch.groups,
                  batch.promptRows,
                  batch.routingWanted ? block.choices() : 0,
                  plan.deadlineNanos()));
      batch.pending = new MicroBatch.Pending(call, layer);
    }
  }

  /** Computes what belongs to the channel mixer here, while routed rows are away. */
  private void computeHere(MicroBatch batch, LayerWeights layer) {
    switch (layer.channel()) {
      case ChannelWeights.Dense dense -> {
        feedForward.run(batch, dense.network(), mixed);
        join(batch, layer.channelJoin(), mixed);
      }
      case ChannelWeights.Routed block -> {
        if (block.shared().isPresent()) {
          feedForward.run(batch, block.shared().get(), batch.shared);
          feedForward.complete(batch, block.shared().get(), batch.shared);
        }
      }
    }
  }

  private void join(MicroBatch batch, ResidualJoin join, float[] rows) {
    RowLoop.run(
        pool,
        batch.rows,
        (from, to) -> join.add(kernels, batch.residual, from * hidden, rows, to - from, hidden));
  }

  /** Adds what the experts computed; marks the chunks of rows that have no result. */
  private void collect(MicroBatch batch, StepResult result) {
    MicroBatch.Pending pending = batch.pending;
    if (pending == null) {
      return;
    }
    batch.pending = null;
    RoutedRows rows;
    try {
      rows = pending.call().await();
    } catch (MeshException e) {
      for (int row = 0; row < batch.rows; row++) {
        result.failed(batch.chunks[row], e.code(), String.valueOf(e.getMessage()));
      }
      return;
    }
    mark(batch, rows.nonFinite(), result, ErrorCode.NON_FINITE, "router logits are not finite");
    mark(batch, rows.unavailable(), result, ErrorCode.EXPERT_UNAVAILABLE, rows.detail());
    if (batch.routingWanted) {
      takeDown(batch, rows, result);
    }
    joinRouted(batch, pending.layer(), rows.rows());
  }

  private static void takeDown(MicroBatch batch, RoutedRows rows, StepResult result) {
    RowAssignments assignments =
        rows.assignments()
            .orElseThrow(() -> new IllegalStateException("the router told no assignments"));
    for (int row = 0; row < batch.rows; row++) {
      result.routing().add(batch.chunks[row], batch.positions[row], assignments, row);
    }
  }

  /** Routed rows first, then those of the shared expert: the order is fixed. */
  private void joinRouted(MicroBatch batch, LayerWeights layer, float[] rows) {
    boolean round = weights.activations() == DType.BF16;
    boolean shared =
        layer.channel() instanceof ChannelWeights.Routed block && block.shared().isPresent();
    RowLoop.run(
        pool,
        batch.rows,
        (from, to) -> {
          int at = from * hidden;
          int floats = (to - from) * hidden;
          if (round) {
            kernels.roundToBf16(rows, at, floats);
          }
          if (shared) {
            kernels.add(rows, at, batch.shared, at, floats);
          }
          layer.channelJoin().add(kernels, batch.residual, at, rows, to - from, hidden);
        });
  }

  private static void mark(
      MicroBatch batch, BitSet which, StepResult result, ErrorCode code, String detail) {
    for (int row = which.nextSetBit(0); row >= 0; row = which.nextSetBit(row + 1)) {
      result.failed(batch.chunks[row], code, detail);
    }
  }

  /** Checks every row, because a bad one must not stay in pages that others may reuse. */
  private void finish(MicroBatch batch, StepPlan plan, StepResult result, LogitSink sink) {
    for (int row = 0; row < batch.rows; row++) {
      if (result.alive(batch.chunks[row])
          && !kernels.allFinite(batch.residual, row * hidden, hidden)) {
        result.failed(
            batch.chunks[row],
            ErrorCode.NON_FINITE,
            "hidden state at position " + batch.positions[row] + " is not finite");
      }
    }
    batch.compact(result);
    head.run(batch, plan.chunks(), sink);
  }
}
